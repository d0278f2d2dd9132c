"""``kailash-testkit init``: finds the application, and writes the settings and a first test that passes."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from kailash_testkit.command_line.project_settings import add_config_argument, settings_of_project, words
from kailash_testkit.command_line.settings_file import Change, Setting, with_settings
from kailash_testkit.command_line.trial import Answer, Question, ask
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.projects.candidates import Candidate, applications, dataflows
from kailash_testkit.projects.cleanups import clean_ups
from kailash_testkit.projects.sources import Project, read_project
from kailash_testkit.projects.variables import url_variables
from kailash_testkit.redaction import redact
from kailash_testkit.text import comma_join

_DESCRIPTION: Final = """\
Reads the source of the project in the working directory, looks for its DataFlow instance, its ASGI application and
the variable that its database URL comes from, and tries them on a throw-away database. Then it adds what it found to
pytest's settings, writes a first test and runs it. It changes no line that is there, and leaves everything as it was
when the test does not pass.
"""
_CODES: Final = """\
exit codes:
  0  written, and the first test passes; or with --dry-run: shown
  2  nothing was written; the reason is said
"""
_TEST: Final = "test_with_testkit.py"
_DEFAULT_VARIABLE: Final = "DATABASE_URL"
_SESSION_LOOPS: Final = {
    "asyncio_mode": "auto",
    "asyncio_default_fixture_loop_scope": "session",
    "asyncio_default_test_loop_scope": "session",
}
_LINES_OF_PYTEST: Final = 30


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "init",
        help="find the application, and write the settings and a first test",
        description=_DESCRIPTION,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dataflow", default="", metavar="MODULE:NAME", help="the DataFlow instance, if there are two")
    parser.add_argument("--app", default="", metavar="MODULE:NAME", help="the ASGI application, if there are two")
    parser.add_argument("--url-env", default="", metavar="VARIABLE", help="the variable that names the database")
    add_config_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class _Choice:
    target: str
    place: str
    candidate: Candidate | None  # None for one that is named, and not seen in the source


@dataclass(frozen=True)
class _Found:
    """What is there. lines: in words. roots: the folders that its modules are imported from."""

    dataflow: str
    app: str
    lines: Sequence[str]
    roots: Sequence[Path]
    answer: Answer


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    folder = Path.cwd()
    project_settings = settings_of_project(arguments.config_file)
    file, settings = project_settings.file, project_settings.values
    project = read_project(folder)
    found = _found(project, arguments, settings)
    has_tests = any(source.path.stem.startswith("test_") for source in project.tests)
    new = _new_settings(found, file.parent if file else folder, settings, has_tests=has_tests)
    test = _test_file(folder, settings)
    marked = {**settings, **new}.get("asyncio_mode") != "auto"
    changes = [with_settings(file or folder / "pytest.ini", new, has_section=bool(settings))] if new else []
    if not test.exists():
        text = _first_test(found.answer, marked=marked)
        changes.append(Change(test, None, text.encode(), text.splitlines()))
    _say("found", found.lines)
    for change in changes:
        verb = "would be added to" if arguments.dry_run else "added to"
        _say(f"{verb} {os.path.relpath(change.path, folder)}", change.lines)
    if changes and not arguments.dry_run:
        with _written(changes):
            _say("checked", [_passed(folder, test, arguments.config_file)])
    elif not changes:
        _say("nothing to do", [f"the settings are there, and so is {os.path.relpath(test, folder)}"])
    _say_what_can_go(project)
    return 0


def _found(project: Project, arguments: argparse.Namespace, settings: Mapping[str, Any]) -> _Found:
    """What the project has, tried. Raises `ConfigurationError`."""
    named = arguments.dataflow or str(settings.get("testkit_dataflow") or "").partition(",")[0].strip()
    dataflow = _chosen("DataFlow instances", "--dataflow", dataflows(project), named)
    if dataflow is None:
        raise ConfigurationError(
            "no DataFlow instance was found below the working directory",
            details=project.unreadable,
            do="start the command in the project's folder; or name the instance: --dataflow shop.models:db",
        )
    app = _chosen("ASGI applications", "--app", applications(project), arguments.app or settings.get("testkit_app", ""))
    read = [] if dataflow.candidate is None else url_variables(project, dataflow.candidate)
    given = [arguments.url_env] if arguments.url_env else words(settings.get("testkit_url_env"))
    variables = given or list(dict.fromkeys([*(variable.name for variable in read), _DEFAULT_VARIABLE]))
    roots = [each.candidate.source.root for each in (dataflow, app) if each is not None and each.candidate is not None]
    path = [*words(settings.get("pythonpath")), *map(str, roots)]
    answer = ask(Question(dataflow.target, app.target if app else "", path, variables), project.folder)
    _refuse(answer, dataflow.target, variables)
    place = next((variable.place for variable in read if variable.name == answer.variable), "read by DataFlow itself")
    lines = [
        f"DataFlow     {dataflow.target}  ({dataflow.place})",
        f"application  {app.target}  ({app.place})" if app else "application  none, so there is no client",
        f"variable     {answer.variable}  ({place})",
    ]
    return _Found(dataflow.target, app.target if app else "", lines, list(dict.fromkeys(roots)), answer)


def _refuse(answer: Answer, target: str, variables: Sequence[str]) -> None:
    if answer.error:
        cures = [*([answer.do] if answer.do else []), "nothing was written"]
        raise ConfigurationError(answer.error, why=answer.why or None, do="; ".join(cures))
    if not answer.variable:
        raise ConfigurationError(
            f"no variable decides where {target} connects: it connects to {answer.url}",
            details=[f"tried: {comma_join(variables)}"],
            why="tests would write to the application's own database; nothing was written",
            do='let it read one, as in DataFlow(os.environ.get("DATABASE_URL", ...)); or name it: --url-env',
        )
    if not answer.model and not answer.path:
        raise ConfigurationError(
            f"no row of any model of {target} can be created, so there is no first test",
            why=answer.refused or "no model is registered when its module is imported",
            do="see `kailash-testkit doctor`; nothing was written",
        )


def _chosen(what: str, option: str, found: Sequence[Candidate], named: str) -> _Choice | None:
    """The one that is named, or the only one. Raises `ConfigurationError` where there are several."""
    if named:
        candidate = next((each for each in found if each.target == named), None)
        return _Choice(named, candidate.place if candidate else "as named", candidate)
    if len(found) > 1:
        raise ConfigurationError(
            f"there are {len(found)} {what}; nothing was written",
            details=[f"{each.target}  ({each.place})" for each in found],
            do=f"name the one that the tests are for: {option} {found[0].target}",
        )
    return _Choice(found[0].target, found[0].place, found[0]) if found else None


def _new_settings(found: _Found, beside: Path, settings: Mapping[str, Any], *, has_tests: bool) -> dict[str, Setting]:
    """What pytest's settings lack. beside: the folder of their file. Raises `ConfigurationError`."""
    folders = [Path(os.path.relpath(root, beside)).as_posix() for root in found.roots]
    missing = [
        folder for folder in folders if os.path.normpath(beside / folder) not in _normal(settings.get("pythonpath"))
    ]
    if missing and "pythonpath" in settings:
        raise ConfigurationError(
            f"pytest's settings have a pythonpath without {comma_join(missing)}; nothing was written",
            why=f"{found.dataflow} is imported from there",
            do=f"add {comma_join(missing)} to pythonpath, and run the command again",
        )
    new: dict[str, Setting] = {"pythonpath": missing} if missing else {}
    if not has_tests:
        new |= dict(_SESSION_LOOPS.items())
    new["testkit_dataflow"] = found.dataflow
    if found.app:
        new["testkit_app"] = found.app
    new["testkit_url_env"] = [found.answer.variable]
    return {name: value for name, value in new.items() if name not in settings}


def _normal(pythonpath: object) -> list[str]:
    return [os.path.normpath(entry) for entry in words(pythonpath)]


def _test_file(folder: Path, settings: Mapping[str, Any]) -> Path:
    where = next((name for name in words(settings.get("testpaths")) if (folder / name).is_dir()), "tests")
    patterns = words(settings.get("python_files")) or [_TEST]
    if any(fnmatch(_TEST, pattern) for pattern in patterns):
        return folder / where / _TEST
    return folder / where / patterns[0].replace("*", "with_testkit")


def _first_test(answer: Answer, *, marked: bool) -> str:
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
def _written(changes: Sequence[Change]) -> Generator[None, None, None]:
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


def _passed(folder: Path, test: Path, config_file: str) -> str:
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


def _say_what_can_go(project: Project) -> None:
    found = clean_ups(project)
    if found:
        lines = [f"{each.place}  {each.name}: {each.what}" for each in found]
        _say("the kit undoes what each test wrote: these can be deleted", lines)


def _say(heading: str, lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join([f"{heading}:", *(f"  {line}".rstrip() for line in lines)]) + "\n")
