"""``kailash-testkit clean`` on a server: it lists what it will drop, drops that, and leaves and names all else."""

from __future__ import annotations

from pathlib import Path

import pytest
from server_runs import GivenUrl, kill, other_process

from kailash_testkit.command_line.main import main
from kailash_testkit.databases import storage
from kailash_testkit.databases.naming import database_name, new_run
from kailash_testkit.databases.servers.interface import Found

pytestmark = pytest.mark.slow

RUN = """
import sys
from kailash_testkit.databases.servers import Choice, open_server
from kailash_testkit.databases.storage import RunFolder

server = open_server(Choice(sys.argv[1], sys.argv[2]), RunFolder(), None)
names = [server.name(stem, None) for stem in sys.argv[3:]]
for name in names:
    server.create(name)
if "kept" in sys.argv:
    server.keep(names[0], reason="tests/test_orders.py::test_it")
print(*names, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def nothing_else(given: GivenUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage and settings of the test's own, once the server runs: the command removes what is in the machine's."""
    assert given.url
    monkeypatch.delenv("TESTKIT_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("memory", "disk"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(storage, "_MEMORY_BACKED", tmp_path / "memory")
    monkeypatch.setattr(storage.tempfile, "gettempdir", lambda: str(tmp_path / "disk"))


def ended_run(setting: str, given: GivenUrl, stem: str) -> str:
    """The database of a run that was killed."""
    with other_process(RUN, setting, given.url, stem) as (process, name):
        kill(process)
    return name


def test_it_drops_what_is_proved_to_be_the_kits_and_nothing_else(
    setting: str, given: GivenUrl, capsys: pytest.CaptureFixture[str]
) -> None:
    with other_process(RUN, setting, given.url, "busy") as (_, busy):
        kept, left = ended_run(setting, given, "kept"), ended_run(setting, given, "left")
        unmarked, renamed = database_name("mine", new_run(), None), f"copy_of_{left}"
        given.sql(f"CREATE DATABASE {unmarked}")
        given.sql(f"CREATE DATABASE {renamed}")
        if setting == "mariadb":
            given.sql(f"CREATE TABLE {renamed}.dataflow_testkit_made AS SELECT * FROM {left}.dataflow_testkit_made")
        try:
            before = _waited_for(given, kept, left)
            assert before[busy].in_use
            for arguments, code in ((["clean"], 1), (["clean", "--yes"], 0)):
                assert main([*arguments, "--database", given.url]) == code
                said = capsys.readouterr().out
                refused, _, listed = said.partition("to be removed:\n")
                assert f"  database {kept}, kept: tests/test_orders.py::test_it\n" in listed
                assert f"  database {left}, left by a run that was killed\n" in listed
                assert refused.startswith("left alone:\n")
                for name in (unmarked, renamed):
                    assert f"database {name}" in refused
                    assert str(before[name].command) in refused
                assert busy not in said
                assert listed.endswith("nothing was removed\n" if code else "removed\n")
                assert given.found().keys() == before.keys() - (set() if code else {kept, left})
        finally:
            for name in (unmarked, renamed):
                given.sql(f"DROP DATABASE {name}")
    _waited_for(given, busy)
    for last in ("removed\n", "nothing to remove\n"):
        assert main(["clean", "--yes", "--database", given.url]) == 0
        assert capsys.readouterr().out.endswith(last)


def _waited_for(given: GivenUrl, *ended: str) -> dict[str, Found]:
    """What is found once the server has noticed that these databases' processes are gone."""
    while True:
        found = given.found()
        if not any(found[name].in_use for name in ended):
            return found
