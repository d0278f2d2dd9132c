"""What an exploration is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.access import Login
from kailash_testkit.explore.checks import Switches, switches
from kailash_testkit.judge import baseline
from kailash_testkit.judge.allowances import Allowance, Allowances, parsed
from kailash_testkit.judge.findings import Key

_WRITES: tuple[str, ...] = ("refusal-wrote", "read-wrote", "repeat-changed-more")


@dataclass(frozen=True)
class Options:
    """See `kailash_testkit.Kit.explore`. share: of the operations, (0, 2) the first of two."""

    schema: object = None
    operations: Collection[str] | None = None
    seconds: float = 60.0
    requests: int | None = None
    seed: int = 0
    checks: Collection[str] | None = None
    skip: Mapping[str, Collection[str]] | None = None
    factories: object = None
    login: Login | None = None
    as_other: Login | None = None
    owner_columns: Collection[str] = ()
    allow_writes: Collection[str] = ()
    allow: Sequence[str] = ()
    failpoints: bool = True
    baseline: str | Path | None = None
    remember: str | Path | None = None
    progress: Callable[[str], None] | None = None
    share: tuple[int, int] = (0, 1)

    def switches(self) -> Switches:
        """Which checks are on. Raises `ConfigurationError`."""
        return switches(self.checks, self.skip)

    def allowances(self) -> Allowances:
        """What is left out. Raises `ConfigurationError`."""
        written = [Allowance(check, subject) for check in _WRITES for subject in self.allow_writes]
        return Allowances(written) + parsed(self.allow, "allow")

    def known(self) -> frozenset[Key]:
        """What the baseline accepts. Raises `ConfigurationError`."""
        if self.baseline is None:
            return frozenset()
        return baseline.read(Path(self.baseline), "baseline", "kailash-testkit explore --update-baseline")

    def check(self) -> None:
        """Raises `ConfigurationError` for what cannot be used."""
        if self.seconds <= 0 or (self.requests is not None and self.requests < 1):
            raise ConfigurationError("kit.explore: seconds= and requests= are more than 0")
        if self.as_other is not None and self.login is None:
            raise ConfigurationError(
                "kit.explore: as_other= without login=",
                why="rows of one user are tried by another one",
                do="give the credentials of both",
            )
