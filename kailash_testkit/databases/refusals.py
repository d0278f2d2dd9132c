"""What the kit leaves alone because it cannot prove that it is its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A folder, a server or a database that looks like the kit's, and is neither used nor removed.

    what: its name. why: what is missing in the proof, or speaks against it. command: what a person may run to
    remove it, who knows that it is nobody's; None where there is none.
    """

    what: str
    why: str
    command: str | None = None

    def __str__(self) -> str:
        ending = f"; to remove it yourself: {self.command}" if self.command else ""
        return f"{self.what} is left alone: {self.why}{ending}"
