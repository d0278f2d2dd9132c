"""How a declaration makes the values of one place: checked, and with errors that say which declaration it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, cast

from kailash_testkit.errors import DeclarationError, FieldTypeError, KitError, add_detail
from kailash_testkit.factories.declarations import AwaitedError, Declaration, Maker, Values
from kailash_testkit.factories.numbering import Number
from kailash_testkit.models import Model
from kailash_testkit.redaction import is_secret
from kailash_testkit.text import code_line

Check = Callable[[object], object]
_NAME: Final = re.compile(r"\w+")


def checked_maker(declaration: Declaration, model: Model, place: str, check: Check) -> Maker:
    """What makes the values of that place, a field or part of one.

    Raises the kit's errors with the declaration's line; `DeclarationError` for what a function of the user raises.
    """

    def finish(result: Callable[[], object]) -> object:
        try:
            return check(result())
        except AwaitedError:
            raise
        except Exception as error:
            fail(error, declaration, model, place)

    bound = _bound(declaration, model, place)

    def make(number: Number, values: Values) -> object:
        try:
            return finish(lambda: bound(number, values))
        except AwaitedError as awaited:
            awaited.finish = finish
            raise

    return make


def _bound(declaration: Declaration, model: Model, place: str) -> Maker:
    """The declaration bound to its place; its errors name both."""
    try:
        return declaration.bound(model, place)
    except Exception as error:
        fail(error, declaration, model, place)


def fail(error: Exception, declaration: Declaration, model: Model, place: str) -> NoReturn:
    """Raises the error with the declaration that raised it: its place, and where it was written."""
    kind, where = declaration.kind, f"{model.name}.{place}"
    if isinstance(error, KitError):
        if kind:
            add_detail(error, f"{where} is made by {kind}(...) at {declaration.declared_at}")
        raise error
    names = _NAME.findall(place)
    secret = any(is_secret(name, model.name) for name in names)
    raise DeclarationError(
        f"no value for {where}: its {kind}(...) raised {type(error).__name__}{'' if secret else f': {error}'}",
        details=[f"declared at {declaration.declared_at}", *_raised_at(error)],
        do=f"mend the function, or give {names[0]} a value",
    ) from (None if secret else error)


def _raised_at(error: Exception) -> list[str]:
    """The line that raised the error, where a function of the user did."""
    found: list[str] = []
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if not str(frame.f_globals.get("__name__")).startswith("kailash_testkit."):
            found.append(code_line(frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return [f"raised at {found[-1]}"] if found else []


def refuse_functions(model: Model, place: str, value: object) -> None:
    """Raises `FieldTypeError` for a function, or a declaration that a function made, in a value."""
    if isinstance(value, dict):
        for key, entry in cast("dict[object, object]", value).items():
            refuse_functions(model, f"{place}[{key!r}]", entry)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(cast("Iterable[object]", value)):
            refuse_functions(model, f"{place}[{number}]", item)
    elif isinstance(value, Declaration):
        raise FieldTypeError(
            f"{model.name}.{place} was made, and is {value!r}, which is no value",
            why="a function made a declaration; only what a factory, a trait or a call is given is looked at",
            do="give the declaration itself in place of the function",
        )
    elif _is_function(value):
        raise FieldTypeError(
            f"{model.name}.{place} is a function, and no value: {_shown(value)}",
            why="a factory does not call a function that it is given as a default",
            do="write derived(lambda row: ...) for a value from the row's others, or sequence(lambda n: ...) for one "
            "from its number",
        )


def _is_function(value: object) -> bool:
    kind = type(value)
    return callable(value) and (kind.__module__ in ("builtins", "functools", "types", "operator") or kind is type)


def _shown(value: Any) -> str:
    code = getattr(value, "__code__", None)
    if code is None:
        return repr(value)
    return f"{value.__qualname__.rpartition('.')[2]} at {code_line(code.co_filename, code.co_firstlineno)}"
