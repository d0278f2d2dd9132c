"""`target`: one database per kind for all attacks; another one after an attack that spoilt it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attack_lists import KINDS
from target import Target


class Targets:
    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._open: dict[str, Target] = {}

    def on(self, kind: str) -> Target:
        if kind not in self._open:
            self._open[kind] = KINDS[kind].target(self._folders.mktemp("attacked"))
        return self._open[kind]

    def discard(self, target: Target) -> None:
        del self._open[target.kind]
        target.close()

    def close(self) -> None:
        for target in list(self._open.values()):
            self.discard(target)


@pytest.fixture(scope="session")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    targets = Targets(tmp_path_factory)
    yield targets
    targets.close()


@pytest.fixture
def target(targets: Targets, attacked_kind: str) -> Iterator[Target]:
    target = targets.on(attacked_kind)
    yield target
    target.release()
    try:
        spoilt = target.fingerprint() != target.clean
    except Exception:  # whatever a driver says to a database that an attack destroyed
        spoilt = True
    if spoilt:
        targets.discard(target)
