"""An ordinary user with all privileges on the database suffices on MariaDB and MySQL; what is missing is named."""

from __future__ import annotations

import pytest
from journal_bench import Bench

from kailash_testkit.databases.mysql.journal.journal import Journal
from kailash_testkit.errors import UnsupportedDatabase


def test_the_tests_themselves_run_as_an_ordinary_user(bench: Bench) -> None:
    bench.start("CREATE TABLE t (id INT PRIMARY KEY)")
    grants = " ".join(grant for (grant,) in bench.run("SHOW GRANTS"))
    assert f"GRANT ALL PRIVILEGES ON `{bench.place.name}`.*" in grants
    assert "GRANT USAGE ON *.*" in grants


@pytest.mark.parametrize("lacking", ["TRIGGER", "CREATE", "LOCK TABLES"])
def test_what_is_missing_is_named(bench: Bench, lacking: str) -> None:
    bench.start("CREATE TABLE t (id INT PRIMARY KEY)")
    name, database = f"{bench.place.name[:20]}_less", bench.place.name
    for statement in (f"CREATE USER {name}", f"GRANT ALL ON {database}.* TO {name}"):
        bench.place.run(statement)
    bench.place.run(f"REVOKE {lacking} ON {database}.* FROM {name}")
    journal = Journal(bench.place.url.replace(f"{bench.place.name}:{bench.place.name}@", f"{name}:@"), lock_wait=0.05)
    try:
        with pytest.raises(UnsupportedDatabase) as caught:
            journal.install()
    finally:
        journal.close()
        bench.place.run(f"DROP USER {name}")
    message = str(caught.value)
    assert message.startswith(f"the kit may not record what changes in the database {database}\n  why: ")
    assert "denied" in message
    assert f"GRANT ALL ON `{database}`.* TO" in message
