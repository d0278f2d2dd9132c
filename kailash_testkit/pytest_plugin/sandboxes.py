"""The databases under test of one session, seen as one by whoever writes rows that outlive a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kailash_testkit.databases.journal import Mark
    from kailash_testkit.isolation.sandbox import Sandbox

Started = dict[int, "Mark | None"]
"""Where each database was when a wider owner began."""


class Sandboxes:
    """All sandboxes of the kits that are open at the moment of each call.

    opened: gives them.
    """

    def __init__(self, opened: Callable[[], list[Sandbox]]) -> None:
        self.opened = opened

    def begin(self) -> Started:
        """Before a wider owner may write rows; give the result to `finish`."""
        return {id(sandbox): sandbox.begin() for sandbox in self.opened()}

    def finish(self, owner: object, started: Started) -> None:
        """What was written since `begin` lives as long as ``owner``, in databases opened meanwhile too."""
        for sandbox in self.opened():
            if id(sandbox) not in started:  # opened by the owner
                started[id(sandbox)] = sandbox.begin(opened_meanwhile=True)
            sandbox.finish(owner, started[id(sandbox)])

    def end(self, owner: object) -> None:
        """``owner`` is gone; its rows are taken back."""
        for sandbox in self.opened():
            sandbox.end(owner)
