"""`bench`: a journal on a database of this kind; `own`: a server of these tests alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from journal_bench import Bench, Benches
from mysql_server import MysqlServer


@pytest.fixture
def bench(benches: Benches) -> Iterator[Bench]:
    bench = benches.on("mysql")
    yield bench
    bench.leave()


@pytest.fixture
def own(mysql_server: MysqlServer) -> MysqlServer:
    return mysql_server
