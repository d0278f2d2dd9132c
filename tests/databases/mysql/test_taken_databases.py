"""What MariaDB and MySQL alone have of the proof that a database may be taken."""

from __future__ import annotations

import pytest
from database_servers import MYSQL, required

from kailash_testkit.databases import open_database
from kailash_testkit.errors import UnsafeDatabase

pytestmark = pytest.mark.slow


def test_a_database_restored_from_a_dump_under_its_name_is_refused() -> None:
    """The marker comes with the dump; its table is younger."""
    with required(MYSQL).database() as url:
        database = open_database(url)
        database.mark_as_owned()
        database.claim(allow_existing=False)
        MYSQL.run("CREATE TABLE kept AS SELECT * FROM dataflow_testkit_marker", url)
        MYSQL.run("DROP TABLE dataflow_testkit_marker", url)
        MYSQL.run("DO sleep(1.1)", url)
        MYSQL.run("CREATE TABLE dataflow_testkit_marker AS SELECT * FROM kept", url)
        with pytest.raises(UnsafeDatabase, match="a copy of a test database"):
            database.claim(allow_existing=True)
        database.close()
