"""What it costs to hold the rows that a lost journal would be made again from: time, and memory.

Run with ``python benchmarks/kept_rows.py``; on the servers of the benchmarks of the journals. On SQLite nothing is
held: the journal's copy has the rows.
"""

from __future__ import annotations

import tracemalloc

import journal_mysql
import journal_postgresql
from benchmark_server import serving
from measuring import Figure, report, timed

SIZES = (100, 10_000)  # of the largest table


def main() -> None:
    for kind, benchmark in {"PostgreSQL": journal_postgresql, "MariaDB": journal_mysql}.items():
        for rows in SIZES:
            with benchmark.database(rows, journal=True) as opened:
                assert opened.journal is not None
                journal = opened.journal
                seconds = timed(lambda journal=journal: journal.keep_rows(None))  # type: ignore[misc]
                tracemalloc.start()
                kept = journal.keep_rows(None)
                held, _ = tracemalloc.get_traced_memory()
                as_changes = kept()
                total, _ = tracemalloc.get_traced_memory()
                tracemalloc.stop()
                report(
                    f"{kind}, {len(as_changes):,} rows kept",
                    [
                        Figure("time to keep them", "ms", (1e3 * seconds,)),
                        Figure("memory as they are kept", "MB", (held / 1e6,), "memory as changes"),
                        Figure("memory as changes", "MB", ((total - held) / 1e6,)),
                    ],
                )


if __name__ == "__main__":
    with serving("postgresql", "mysql"):
        main()
