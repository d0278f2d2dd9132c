"""`bench`: a journal on a database of this kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from journal_bench import Bench, Benches


@pytest.fixture
def bench(benches: Benches) -> Iterator[Bench]:
    bench = benches.on("postgresql")
    yield bench
    bench.leave()
