"""`bench`: a journal on a database of the kind that the test runs on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from database_kinds import Kind
from journal_bench import Bench, Benches


@pytest.fixture(scope="session")
def benches() -> Iterator[Benches]:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-", dir=memory) as folder:
        benches = Benches(Path(folder))
        yield benches
        benches.close()


@pytest.fixture
def bench(benches: Benches, database_kind: Kind) -> Iterator[Bench]:
    bench = benches.on(database_kind.name)
    yield bench
    bench.leave()
