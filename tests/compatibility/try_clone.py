"""``make compatibility-python``: both commands of the README in a clean clone, and its row in the table.

    PYTHONPATH=tests:tests/docs python tests/compatibility/try_clone.py PYTHON [--without-servers] [--tests ARGUMENTS]

``PYTHON`` is the interpreter for the clone. ``--without-servers`` takes from the environment what names a database
server, and from ``PATH`` all but what the commands need. ``--tests`` are arguments of the tests, where not all run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tables
from doc_blocks import ROOT, clean_environment

_NEEDED = ("make", "sh", "env", "touch", "git", "uname", "cat", "rm", "id", "ps", "cc", "gcc", "ldconfig")
_SERVERS = ("postgres", "pg_ctl", "pg_config", "initdb", "mariadbd", "mysqld")


def environment(folder: Path, *, without_servers: bool) -> dict[str, str]:
    """For the commands: nothing of this session's."""
    found = {**clean_environment(), "TMPDIR": str(folder / "tmp")}
    for name in [*found]:
        if without_servers and name.endswith(("_URL", "TESTKIT_DATABASE")):
            del found[name]
    found.pop("VIRTUAL_ENV", None)
    if without_servers:
        programs = folder / "programs"
        programs.mkdir()
        for name in _NEEDED:
            where = shutil.which(name)
            if where is not None:
                (programs / name).symlink_to(where)
        found["PATH"] = str(programs)
        assert not any(shutil.which(name, path=found["PATH"]) for name in _SERVERS)
    return found


def asked(python: str, what: str) -> str:
    """What an interpreter says of itself."""
    return subprocess.check_output([python, "-c", f"import platform, sys; print({what})"], text=True).strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("--without-servers", action="store_true")
    parser.add_argument("--tests", default="", help="arguments of the tests: not all are run then")
    options = parser.parse_args()
    python = shutil.which(options.python)
    if python is None:
        parser.error(f"no {options.python} here")
    try:
        python = asked(python, "sys.executable")  # not a shim, which needs programs of its own
    except subprocess.CalledProcessError:
        parser.error(f"{python} does not start: name the interpreter itself, not a shim")
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-clone-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # tests work as other users, too, who need a way into it
        (folder / "tmp").mkdir()
        clone = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        tidy = environment(folder, without_servers=options.without_servers)
        tests = ["test"] if not options.tests else ["test", f"PYTEST=.venv/bin/python -m pytest {options.tests}"]
        outputs, codes = [], []
        for target in (["demo"], tests):
            command = ["make", *target, f"PYTHON={python}"]
            done = subprocess.run(command, cwd=clone, env=tidy, capture_output=True, text=True, check=False)
            print(done.stdout[-20_000:], done.stderr[-2000:], flush=True)
            outputs.append(done.stdout)
            codes.append(done.returncode)
        version = subprocess.check_output(
            [python, "-c", "import platform; print(platform.python_version())"], text=True
        )
    label = f"Python {version.strip()}"
    if options.without_servers:
        label += ", a `PATH` without a database server"
    demo, ran = map(tables.closing_words, outputs)
    row = tables.run_row(label, demo, ran + (f" (`{options.tests}`)" if options.tests else ""))
    kept = [row for row in tables.rows_of("clones") if not row.startswith(f"| {label} |")]
    tables.write("clones", sorted([*kept, row]))
    print(row)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
