"""``kailash-testkit lint``: creates every model, factory and trait once, and lists what fails and why."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import inspect
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any, Final, Self, cast

from kailash_testkit.command_line import relations
from kailash_testkit.command_line.application import add_arguments, importable, loaded, target_of, variables_of
from kailash_testkit.command_line.output import output_of
from kailash_testkit.command_line.own_database import Application, add_database_argument, application_on_own_database
from kailash_testkit.command_line.progress import Progress
from kailash_testkit.command_line.project_settings import settings_of_project
from kailash_testkit.errors import KitError
from kailash_testkit.factories import Factory, FactoryBase, numbering
from kailash_testkit.factories.base import definition_of
from kailash_testkit.factories.definition import Definition
from kailash_testkit.importer import load_module
from kailash_testkit.kit import Kit
from kailash_testkit.redaction import redact
from kailash_testkit.signatures import signature_of

_DESCRIPTION: Final = """\
Creates one row of every model, of every factory in the named modules, and of each of their traits (those of
trait(...), and methods without arguments that return Self), each in a database without rows. Nothing of it
stays: the database is one of the command's own, which it removes.
"""
_CODES: Final = """\
exit codes:
  0  all of them can be created
  1  some cannot: they are listed, with the reason
  2  nothing was done: the application cannot be imported, or an argument cannot be used
"""
_TENANT: Final = "lint"


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "lint",
        help="create every model, factory and trait once, and list what fails",
        description=_DESCRIPTION,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    add_database_argument(parser)
    parser.add_argument(
        "--factories",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module with factories, such as tests.factories; may be repeated",
    )
    parser.add_argument(
        "--relations",
        action="store_true",
        help="create nothing: list which fields belong to which model by their names, as infer_relations() takes them",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    settings = settings_of_project(arguments.config_file)
    if arguments.relations:
        return _show_relations(arguments, settings.values)
    os.environ.setdefault("PYTEST_CURRENT_TEST", "lint")  # as in a test, Kailash starts no analytics tasks
    with Progress() as progress, application_on_own_database(arguments, settings, progress) as application:
        modules = [load_module(name, "--factories") for name in arguments.factories]
        cases = [*_models(application.dataflow), *(case for module in modules for case in _factories(module))]
        application.create_database(progress)
        progress(f"creating {len(cases)} rows")
        failures = asyncio.run(_failures(application, cases))
    output = output_of(arguments)
    for failure in failures:
        output.say(f"FAILED {failure.case}: {failure.error}: {failure.message}")
    output.say(_summary(application.target, len(cases), len(failures)))
    output.add(target=application.target, tried=len(cases), failures=[asdict(failure) for failure in failures])
    return 1 if failures else 0


def _show_relations(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> int:
    target = target_of(arguments, settings)
    with importable(settings, variables_of(arguments, settings)), Progress() as progress:
        progress(f"importing {target}")
        dataflow = loaded(target, arguments)
        modules = [load_module(name, "--factories") for name in arguments.factories]
        found = [*relations.found_in(dataflow, modules)]
        dataflow.close()
    output = output_of(arguments)
    for relation in found:
        output.say(relation.text())
    output.say(relations.summary(target, found))
    output.add(target=target, relations=[asdict(relation) for relation in found])
    return 0


def _summary(target: str, tried: int, failed: int) -> str:
    return f"{target}: {tried} tried, {failed} cannot be created" if failed else f"{target}: all {tried} can be created"


@dataclass(frozen=True)
class _Case:
    """One row to create: how it is called in the list, and what makes the factory."""

    name: str
    factory: FactoryBase
    trait: str | None = None
    method: str | None = None

    def prepared(self) -> Factory:
        """The factory with its trait. What is no `Factory` for a type checker is one when the program runs."""
        factory: Any = self.factory
        if self.trait is not None:
            factory = factory.with_traits(self.trait)
        if self.method is not None:
            factory = getattr(factory, self.method)()
        return cast("Factory", factory)


def _models(dataflow: Any) -> Iterator[_Case]:
    for name in sorted(dataflow.get_models()):
        yield _Case(name, Factory.of(Definition(name, dataflow)))


def _factories(module: ModuleType) -> Iterator[_Case]:
    """The factories that the module defines or imports by name, each once, with their traits."""
    found = {name: value for name, value in vars(module).items() if isinstance(value, FactoryBase)}
    for name, factory in found.items():
        where = f"{module.__name__}.{name}"
        yield _Case(where, factory)
        for trait in definition_of(factory).traits:
            yield _Case(f"{where}.with_traits({trait!r})", factory, trait=trait)
        for method in _trait_methods(type(factory)):
            yield _Case(f"{where}.{method}()", factory, method=method)


def _trait_methods(kind: type[FactoryBase]) -> Iterator[str]:
    """Methods of the user's own classes that need no argument and are annotated to return Self."""
    for name, value in inspect.getmembers(kind, inspect.isfunction):
        own = not name.startswith("_") and not value.__module__.startswith("kailash_testkit.")
        if own and (signature := signature_of(value)).return_annotation in ("Self", Self):
            parameters = list(signature.parameters.values())[1:]
            if all(each.default is not each.empty or each.kind in _VARIABLE for each in parameters):
                yield name


_VARIABLE: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class _Failure:
    """What could not be created, and why."""

    case: str
    error: str
    message: str


async def _failures(application: Application, cases: list[_Case]) -> list[_Failure]:
    async with application.opened() as kit:
        tenant = kit.tenant(_TENANT) if application.dataflow.config.security.multi_tenant else contextlib.nullcontext()
        with tenant:
            return [failure for case in cases if (failure := await _failure(kit, case)) is not None]


async def _failure(kit: Kit, case: _Case) -> _Failure | None:
    numbering.start(numbering.Numbering(node_id=case.name))
    try:
        await case.prepared().create()
    except KitError as error:
        return _Failure(case.name, type(error).__name__, str(error))
    except Exception as error:  # of a derived value, a hook or a method: told, and the next one is tried
        return _Failure(case.name, type(error).__name__, redact(str(error)))
    finally:
        await kit.reset()
    return None
