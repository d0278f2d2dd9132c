"""``make bench`` on scripts of its own: what fails is named, and the others run."""

from __future__ import annotations

from pathlib import Path

import pytest
import run_all
from chart import draw
from measuring import Figure, Report, Target
from run_all import Script, main, results

FINE = "from measuring import compare\ncompare('rows', {'theirs': [2.0], 'ours': [1.0]})\n"


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three scripts in place of the benchmarks."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "fine.py").write_text(FINE)
    (folder / "broken.py").write_text("raise SystemExit(3)")
    (folder / "slow.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(run_all, "SCRIPTS", (Script("broken.py"), Script("slow.py", minutes=0.01), Script("fine.py")))
    monkeypatch.setattr(run_all, "GRACE", 0.1)
    monkeypatch.setenv("PYTHONPATH", str(Path(run_all.__file__).parent))
    monkeypatch.setattr(run_all, "HERE", folder)
    return folder


def test_what_fails_is_named_and_the_others_are_measured(
    scripts: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([], tmp_path / "out") == 2

    errors = capfd.readouterr().err
    assert "FAILED: benchmarks/broken.py: exit status 3" in errors
    assert "FAILED: benchmarks/slow.py: took more than 0.01 minutes" in errors
    page = (tmp_path / "out" / "RESULTS.md").read_text()
    assert "- `broken.py`: exit status 3" in page
    assert "| ours | 1 ms | one round | 0.50 x theirs |  |" in page


def test_a_name_that_is_no_script_is_refused(scripts: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no benchmark 'fin\.py': there are broken\.py, slow\.py, fine\.py"):
        main(["fin.py"], tmp_path / "out")


def test_the_page_says_first_which_targets_are_missed() -> None:
    report = Report("undo", (Figure("10 rows", "ms", (3,), None, Target(1, of="value")),))
    page = results([("one.py", report)], {})
    assert page.index("- `one.py`, undo: 10 rows") < page.index("## one.py")
    assert "**at most 1 ms: missed**" in page


def test_every_script_is_there_and_every_benchmark_is_run() -> None:
    folder = Path(run_all.__file__).parent
    run = {script.name for script in run_all.SCRIPTS}
    there = {file.name for file in folder.glob("*.py") if 'if __name__ == "__main__"' in file.read_text()}
    assert there - {"run_all.py", "calls.py"} <= run  # calls.py counts, it does not measure
    assert all((folder / name).exists() for name in run)


def test_the_chart_shows_sessions_and_draws_the_same_twice(tmp_path: Path) -> None:
    sessions = Report("300 tests, sqlite", (Figure("with the kit", "s", (12.5,)), Figure("helpers", "s", (31,))))
    alone = Report("a test alone", (Figure("with the kit", "ms", (12.5,)),))
    for name in ("one.svg", "two.svg"):
        draw([sessions, alone], tmp_path / name)
    drawn = (tmp_path / "one.svg").read_text()
    assert "12.5 s" in drawn
    assert "helpers" in drawn
    assert "a test alone" not in drawn
    assert drawn == (tmp_path / "two.svg").read_text()


def test_without_sessions_no_chart_is_drawn(tmp_path: Path) -> None:
    draw([Report("a test alone", (Figure("with the kit", "ms", (12.5,)),))], tmp_path / "none.svg")
    assert not (tmp_path / "none.svg").exists()
