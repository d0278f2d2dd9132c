"""`register`: fixtures for a factory, as users of pytest-factoryboy know them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, cast

import pytest

from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.base import FactoryBase, definition_of
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.relations import relations
from kailash_testkit.generate.names import plural, singular, snake
from kailash_testkit.text import code_line, truncate_repr

_NOT_GIVEN: Final = object()
_PLUGIN: Final = "kailash_testkit_fixtures_of_"


@dataclass(frozen=True)
class _Registered:
    """Whose fixtures have a name, and the line that registered them."""

    model: str
    where: str


_sessions: list[pytest.PytestPluginManager] = []
_registered: dict[int, dict[str, _Registered]] = {}


def begin(manager: pytest.PytestPluginManager) -> None:
    """A pytest session begins, whose fixtures `register` adds to."""
    _sessions.append(manager)
    _registered[id(manager)] = {}


def end(manager: pytest.PytestPluginManager) -> None:
    """The session ends."""
    _sessions[:] = [each for each in _sessions if each is not manager]
    _registered.pop(id(manager), None)


def register(factory: FactoryBase, name: str | None = None, /) -> None:
    """Makes fixtures for a factory, in a conftest: ``register(orders)`` makes ``order``, a stored row, and ``orders``.

    name: of the row's fixture, by default the model's; that of the factory is its plural. Further fixtures are the
    values of the row: ``order__status`` for each field, transient parameter and trait, to be parametrised or defined by
    a test. A relation to a model that is registered, too, takes the row of its fixture: one customer for a test.

    Does nothing where no pytest session runs. Raises `DeclarationError` where the fixture is registered elsewhere.

    >>> from kailash_testkit import Factory, register
    >>> register(Factory("Order"))
    """
    given = cast("object", factory)  # a test may give anything
    if not isinstance(given, FactoryBase):
        raise DeclarationError(
            f"register({truncate_repr(given)}) is not about a factory", do="write register(orders), with a factory"
        )
    if not _sessions:
        return
    manager, definition = _sessions[-1], definition_of(factory)
    row = name or singular(snake(definition.model_name))
    caller = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - documented
    here = _Registered(definition.model_name, code_line(caller.f_code.co_filename, caller.f_lineno))
    known = _registered[id(manager)]
    if row in known and known[row] != here:
        raise DeclarationError(
            f"register(...): the fixture {row} is registered twice",
            details=[f"at {known[row].where}, for {known[row].model}", f"at {here.where}, for {here.model}"],
            do='give one of them another name: register(orders, "other_order")',
        )
    known[row] = here
    module = _fixtures(factory, definition, row, lambda: _registered.get(id(manager), {}))
    if manager.has_plugin(module.__name__):
        manager.unregister(name=module.__name__)
    manager.register(module, module.__name__)


def _fixtures(
    factory: FactoryBase, definition: Definition, row: str, known: Callable[[], dict[str, _Registered]]
) -> ModuleType:
    """A plugin with the fixtures of one factory."""
    module = ModuleType(f"{_PLUGIN}{row}")
    many = plural(row)
    factories = many if many != row else f"{row}_factory"
    names = _values(definition)
    linked = {field: each.definition for field, each in relations(definition.defaults).items() if not each.ends}

    def create(**given: Any) -> object:
        values = {field: given[f"{row}__{field}"] for field in names}
        wanted = {field: value for field, value in values.items() if value is not _NOT_GIVEN}
        return given[factories].create_sync(**wanted)

    _add(module, factories, [], lambda: factory, f"The factory for {definition.model_name}.")
    arguments = [factories, *(f"{row}__{field}" for field in names)]
    _add(module, row, arguments, create, f"A stored {definition.model_name}.")
    for field in names:
        doc = f"What {row} has for {field}, where it is given."
        target = linked.get(field)
        if target is None:
            _add(module, f"{row}__{field}", [], lambda: _NOT_GIVEN, doc)
        else:
            fixture = _parent_of(target, row, known)
            _add(module, f"{row}__{field}", ["request"], fixture, doc)
    return module


def _parent_of(
    target: Callable[[], Definition], row: str, known: Callable[[], dict[str, _Registered]]
) -> Callable[..., object]:
    """The row of the fixture of the model that a relation leads to, where there is one."""

    def parent(request: pytest.FixtureRequest) -> object:
        model = target().model_name
        name = singular(snake(model))
        registered = known().get(name)
        if registered is None or registered.model != model or name == row:
            return _NOT_GIVEN
        return request.getfixturevalue(name)

    return parent


def _values(definition: Definition) -> list[str]:
    """The names by which a row's values may be given."""
    model = definition.known_model()
    fields: Iterable[str] = () if model is None else model.writable
    return list(dict.fromkeys([*fields, *definition.defaults, *definition.traits]))


def _add(module: ModuleType, name: str, arguments: list[str], make: Callable[..., object], doc: str) -> None:
    def fixture(**given: Any) -> object:
        return make(**given)

    fixture.__doc__ = doc
    fixture.__name__ = name
    kinds = [inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY) for each in arguments]
    cast("Any", fixture).__signature__ = inspect.Signature(kinds)
    setattr(module, name, pytest.fixture(name=name)(fixture))
