"""Imports what a setting or an argument names: ``package.module:attribute``."""

from __future__ import annotations

import importlib
import inspect
import os
import sysconfig
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from kailash_testkit.concurrency import contexts, sync
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.internals.drivers import cure_of_missing_driver, missing_driver
from kailash_testkit.internals.nexus import is_nexus
from kailash_testkit.redaction import redact
from kailash_testkit.signatures import signature_of
from kailash_testkit.text import closest_match

_PACKAGE: Final = Path(__file__).parent
_STANDARD_LIBRARY: Final = Path(sysconfig.get_path("stdlib"))

Awaiting = Callable[[Awaitable[Any]], Any]
"""Awaits what an ``async def`` returned, in some event loop, and returns the result."""


def load_dataflow(target: str, option: str = "testkit_dataflow", awaiting: Awaiting = sync.run) -> Any:
    """The DataFlow instance that a setting names, or that the function it names returns.

    option: the setting's name. awaiting: for an ``async def``; by default in a loop of the kit's.
    Raises `ConfigurationError`.
    """
    found = load_name(option, target, dataflow_internals.is_dataflow)
    if not dataflow_internals.is_dataflow(found) and callable(found) and not _asks_for_arguments(found):
        found = _called(option, target, found, awaiting)
    if not dataflow_internals.is_dataflow(found):
        raise ConfigurationError(
            f"{option} = {target!r} is not a DataFlow instance",
            why=f"it is {_article(found)}",
            do="name the object that your models are registered with, or a function that returns it",
        )
    return found


def is_async(target: str) -> bool:
    """Whether a setting names an ``async def``. Raises `ConfigurationError` when it names nothing."""
    return inspect.iscoroutinefunction(load_name("testkit_dataflow", target))


def module_of(target: str) -> str:
    """The name of the module in a setting."""
    return target.partition(":")[0]


def load_app(target: str, awaiting: Awaiting = sync.run) -> Any:
    """The ASGI application that ``testkit_app`` names, or that the function it names makes.

    awaiting: for an ``async def``. Raises `ConfigurationError`.
    """
    found = load_name("testkit_app", target)
    if _makes_an_app(found):
        found = _called("testkit_app", target, found, awaiting)
    if not callable(found) and not is_nexus(found):
        raise ConfigurationError(
            f"testkit_app = {target!r} is not an ASGI application",
            why=f"it is {_article(found)}",
            do="name the application object, or a function without arguments that makes it",
        )
    return found


def load_module(name: str, option: str) -> Any:
    """The module that a setting names. Raises `ConfigurationError`."""
    return _imported(option, name, name)


def _makes_an_app(found: object) -> bool:
    """Whether it is a function to call without arguments, not an ASGI callable (scope, receive, send)."""
    if not (inspect.isfunction(found) or inspect.ismethod(found)):
        return False
    return not _required(found)


def _asks_for_arguments(found: Any) -> bool:
    """Whether it is an object, such as an ASGI application, that nobody meant as a function without arguments."""
    return not (inspect.isroutine(found) or inspect.isclass(found)) and bool(_required(found))


def _required(function: Any) -> list[inspect.Parameter]:
    return [
        parameter
        for parameter in signature_of(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def load_name(option: str, target: str, fits: Callable[[Any], bool] | None = None) -> Any:
    """What a setting names. fits: tells what can be meant. Raises `ConfigurationError`."""
    module_name, separator, path = target.partition(":")
    if not (module_name and separator and path):
        raise ConfigurationError(
            f"{option} = {target!r} does not say where to look",
            do=f'write it as module:attribute, for example {option} = "shop.models:db"',
        )
    module = _imported(option, target, module_name)
    found: Any = module
    for name in path.split("."):
        if not hasattr(found, name):
            guess = closest_match(name, _public_names(found)) or _only_one(found, fits)
            raise ConfigurationError(
                f"{option} = {target!r}: {module_name} has no {name!r}"
                + (f": did you mean {guess!r}?" if guess else ""),
                do="correct the name after the colon",
            )
        found = getattr(found, name)
    return found


def _public_names(found: object) -> list[str]:
    return [name for name in dir(found) if not name.startswith("_")]


def _only_one(found: object, fits: Callable[[Any], bool] | None) -> str | None:
    """The name of the one attribute that fits, if there is one."""
    fitting = [name for name in _public_names(found) if fits is not None and fits(getattr(found, name, None))]
    return fitting[0] if len(fitting) == 1 else None


def _imported(option: str, target: str, module_name: str) -> Any:
    """The module ``module_name``; ``target`` is what the setting says. Raises `ConfigurationError`."""
    try:
        with contexts.importing():
            return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if missing_driver(str(error)) is not None:
            raise _import_failed(option, target, module_name, error) from error
        own = error.name is not None and (module_name + ".").startswith(error.name + ".")
        raise ConfigurationError(
            f"{option} = {target!r} cannot be imported: {error}",
            why=None if own else f"{module_name} itself was found; what it imports was not",
            do="set pythonpath in pytest's settings to the folder that it is in, or correct the name"
            if own
            else "install the missing module, or correct the import",
        ) from None
    except (Exception, SystemExit) as error:  # settings modules exit when a variable is missing
        raise _import_failed(option, target, module_name, error) from error


def _import_failed(option: str, target: str, module_name: str, error: BaseException) -> ConfigurationError:
    cure = (
        "make the module importable: no connection, and no missing variable, while it is imported; testkit_url_env "
        "names the variable with its database's URL"
    )
    return _raised(f"{option} = {target!r}: importing {module_name} raised", error, cure)


def _raised(what: str, error: BaseException, otherwise: str) -> ConfigurationError:
    """What the application's code raised. otherwise: what to do where neither a variable nor a driver is missing."""
    variable, driver = missing_variable(error), missing_driver(str(error))
    if isinstance(error, SyntaxError) and error.filename:
        return ConfigurationError(
            f"{what} {type(error).__name__}: {error.msg}",
            why=f"at {error.filename}:{error.lineno}: {redact((error.text or '').strip())}",
            do="correct that line, or the one before it",
        )
    return ConfigurationError(
        f"{what} {type(error).__name__}: {redact(str(error))}",
        why=f"at {_place(error)}" + (f": the environment variable {variable} is not set" if variable else ""),
        do=cure_of_missing(variable) if variable else cure_of_missing_driver(driver) if driver else otherwise,
    )


def missing_variable(error: BaseException | None) -> str | None:
    """The environment variable that was asked for in vain, if ``os.environ[...]`` raised the error."""
    if not isinstance(error, KeyError) or not error.args:
        return None
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    asked = getattr(type(os.environ).__getitem__, "__code__", None)
    return str(error.args[0]) if frames and frames[-1].f_code is asked else None


def cure_of_missing(variable: str) -> str:
    """What to do about a variable that the application needs while it is imported."""
    return (
        f"where it is the database's URL: set testkit_url_env = {variable}, and the kit gives it a test database; "
        "else set it before pytest starts"
    )


def _called(option: str, target: str, function: Any, awaiting: Awaiting) -> Any:
    try:
        with contexts.importing():
            made = function()
            return awaiting(made) if inspect.isawaitable(made) else made
    except Exception as error:
        raise _raised(f"{option} = {target!r}: calling it raised", error, "make it work without arguments") from error


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_the_users(Path(frame.filename))]
    frame = (own or frames)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _article(found: object) -> str:
    name = type(found).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def is_the_users(path: Path) -> bool:
    """Whether a source file is neither the standard library's, nor an installed package's, nor the kit's."""
    libraries = "site-packages" in path.parts or path.is_relative_to(_STANDARD_LIBRARY)
    return path.is_absolute() and not libraries and not path.is_relative_to(_PACKAGE)
