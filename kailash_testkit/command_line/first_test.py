"""The first test that ``init`` writes: where it goes, its text, and whether it passes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from kailash_testkit.command_line.project_settings import words
from kailash_testkit.command_line.settings_file import Change
from kailash_testkit.command_line.trial import Answer
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.redaction import redact

_TEST: Final = "test_with_testkit.py"
_LINES_OF_PYTEST: Final = 30


def file_of_test(folder: Path, settings: Mapping[str, Any]) -> Path:
    where = next((name for name in words(settings.get("testpaths")) if (folder / name).is_dir()), "tests")
    patterns = words(settings.get("python_files")) or [_TEST]
    if any(fnmatch(_TEST, pattern) for pattern in patterns):
        return folder / where / _TEST
    return folder / where / patterns[0].replace("*", "with_testkit")


def text_of_test(answer: Answer, *, marked: bool) -> str:
    lines = ['"""First tests with kailash-testkit: extend them, or delete them."""', ""]
    if marked:
        lines += ["import pytest", "", "pytestmark = pytest.mark.asyncio", ""]
    if answer.model:
        lines += [
            "",
            "async def test_a_row_is_stored_and_read_back(kit):",
            f'    row = await kit.create("{answer.model}")',
            "",
            f'    assert await kit.get("{answer.model}", row.id) == row',
            "",
        ]
    if answer.path:
        lines += [
            "",
            "async def test_the_application_answers(api):",
            f'    await api.expect({answer.status}).get("{answer.path}")',
            "",
        ]
    return "\n".join(lines)


@contextlib.contextmanager
def written(changes: Sequence[Change]) -> Generator[None, None, None]:
    """Writes the files; when the block fails they are as they were."""
    folders = [parent for change in changes for parent in (change.path.parent,) if not parent.exists()]
    try:
        for change in changes:
            change.path.parent.mkdir(parents=True, exist_ok=True)
            change.path.write_bytes(change.after)
        yield
    except BaseException:
        for change in changes:
            if change.before is None:
                change.path.unlink(missing_ok=True)
            else:
                change.path.write_bytes(change.before)
        for folder in folders:
            with contextlib.suppress(OSError):  # somebody else has put something there
                folder.rmdir()
        raise


def outcome_of(folder: Path, test: Path, config_file: str) -> str:
    """Runs the test with pytest, and returns its last line. Raises `ConfigurationError` when it does not pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", os.path.relpath(test, folder)]
    if config_file:
        command += ["-c", config_file]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        output = redact(done.stdout + done.stderr).strip().splitlines()
        raise ConfigurationError(
            "the first test did not pass, so everything is as it was",
            details=output[-_LINES_OF_PYTEST:],
            do="mend what pytest says, and run the command again; --dry-run shows what would be written",
        )
    return next(reversed(done.stdout.strip().splitlines()), "it passes")
