"""``kailash-testkit init``: finds the application, and writes the settings and a first test that passes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kailash_testkit.command_line.first_test import file_of_test, outcome_of, text_of_test, written
from kailash_testkit.command_line.guide import guide
from kailash_testkit.command_line.output import Output, output_of
from kailash_testkit.command_line.project_settings import add_config_argument, settings_of_project, words
from kailash_testkit.command_line.settings_file import Change, Setting, with_settings
from kailash_testkit.command_line.trial import Answer, Question, ask
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.projects.candidates import Candidate, applications, dataflows
from kailash_testkit.projects.cleanups import clean_ups
from kailash_testkit.projects.sources import Project, read_project
from kailash_testkit.projects.variables import url_variables
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
_DEFAULT_VARIABLE: Final = "DATABASE_URL"
_SESSION_LOOPS: Final = {
    "asyncio_mode": "auto",
    "asyncio_default_fixture_loop_scope": "session",
    "asyncio_default_test_loop_scope": "session",
}


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
    parser.add_argument(
        "--guide", action="store_true", help="add the rules for coding agents, as AGENTS.md beside the tests"
    )
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
    try:
        found = _found(project, arguments, settings)
    except ConfigurationError as error:
        if file is not None and file.parent != folder:
            error.add_note(f"  pytest's settings are those of {file}")
        raise
    has_tests = any(source.path.stem.startswith("test_") for source in project.tests)
    new = _new_settings(found, file.parent if file else folder, settings, has_tests=has_tests)
    test = file_of_test(folder, settings)
    marked = {**settings, **new}.get("asyncio_mode") != "auto"
    changes = [with_settings(file or folder / "pytest.ini", new, has_section=bool(settings))] if new else []
    changes += _new_files(test, text_of_test(found.answer, marked=marked), with_guide=arguments.guide)
    output = output_of(arguments)
    _say(output, "found", found.lines)
    output.add(found={"dataflow": found.dataflow, "application": found.app or None, "variable": found.answer.variable})
    output.add(changes=[{"file": os.path.relpath(change.path, folder), "lines": change.lines} for change in changes])
    for change in changes:
        verb = "would be added to" if arguments.dry_run else "added to"
        _say(output, f"{verb} {os.path.relpath(change.path, folder)}", change.lines)
    if changes and not arguments.dry_run:
        with written(changes):
            passed = outcome_of(folder, test, arguments.config_file)
        _say(output, "checked", [passed])
        output.add(checked=passed)
    elif not changes:
        _say(output, "nothing to do", [f"the settings are there, and so is {os.path.relpath(test, folder)}"])
    output.add(written=bool(changes) and not arguments.dry_run)
    _say_what_can_go(output, project)
    if not arguments.guide:
        _say(output, "for coding agents", ["kailash-testkit init --guide adds the rules for good tests beside them"])
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


def _new_files(test: Path, text: str, *, with_guide: bool) -> list[Change]:
    """The first test and, if asked for, the rules for coding agents: what of them is not there."""
    rules = test.parent / "AGENTS.md"
    changes = [Change(test, None, text.encode(), text.splitlines())]
    if with_guide:
        said = f"what kailash-testkit guide prints, {len(guide().splitlines())} lines"
        changes.append(Change(rules, None, guide().encode(), [said]))
    return [change for change in changes if not change.path.exists()]


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


def _say_what_can_go(output: Output, project: Project) -> None:
    found = clean_ups(project)
    output.add(clean_ups=[{"place": each.place, "name": each.name, "what": each.what} for each in found])
    if found:
        lines = [f"{each.place}  {each.name}: {each.what}" for each in found]
        _say(output, "the kit undoes what each test wrote: these can be deleted", lines)


def _say(output: Output, heading: str, lines: Sequence[str]) -> None:
    output.say("\n".join([f"{heading}:", *(f"  {line}".rstrip() for line in lines)]))
