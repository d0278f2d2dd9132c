"""Which kit a factory works on: the registry of open kits.

A factory resolves its kit at each call, so that one imported module of factories serves every test,
every worker and every DataFlow instance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

from kailash_testkit.errors import ConfigurationError, NoActiveKit, UnknownModel
from kailash_testkit.internals.dataflow import owner_of, url_of
from kailash_testkit.redaction import redact
from kailash_testkit.store.store import Store
from kailash_testkit.text import comma_join


class OpenKit(Protocol):
    """What a factory needs of a kit."""

    @property
    def dataflow(self) -> Any:
        """The DataFlow under test."""
        ...

    @property
    def store(self) -> Store:
        """Its rows."""
        ...


_Kit = TypeVar("_Kit", bound=OpenKit)
Provider = Callable[[Any | None], OpenKit | None]
"""Opens a kit on demand: for a DataFlow instance, or for None the one that the test session is about."""

_open: list[OpenKit] = []
_active: list[OpenKit] = []
_providers: list[Provider] = []


def add(kit: OpenKit) -> None:
    """Enters an open kit: factories for its DataFlow, or for a class registered with it, find it."""
    _open.append(kit)


def activate(kit: OpenKit) -> None:
    """Enters ``kit`` and makes it the active one, which models given by name are looked up in, until removed."""
    if not any(kit is other for other in _open):
        add(kit)
    _active.append(kit)


def remove(kit: OpenKit) -> None:
    """Takes ``kit`` out of the registry. Idempotent."""
    for kits in (_open, _active):
        kits[:] = [other for other in kits if other is not kit]


def kits() -> list[OpenKit]:
    """The open kits, in the order in which they were opened."""
    return [*_open]


def add_provider(provider: Provider) -> None:
    """Adds a provider; the one added last is asked first."""
    _providers.append(provider)


def remove_provider(provider: Provider) -> None:
    """Removes a provider. Idempotent."""
    _providers[:] = [other for other in _providers if other is not provider]


def kit_for(model: type | str, dataflow: Any | None = None) -> OpenKit:
    """The kit whose DataFlow a factory for ``model`` writes to.

    That of the explicit ``dataflow``; else the active kit if it knows the class; else that of the
    instance which registered the class last. For a name: the active kit, or the other one that has such a model.
    Raises `NoActiveKit`, and `ConfigurationError` for a name that several others have.
    """
    if dataflow is not None:
        return _kit_of(dataflow, model)
    active = _active[-1] if _active else _provided(None)
    if active is not None and isinstance(model, str):
        return with_model(active, model)
    if active is not None and not isinstance(model, str) and _registered(active.dataflow, model):
        return active
    owner = None if isinstance(model, str) else owner_of(model)
    if owner is not None and (active is None or owner is not active.dataflow):
        return _kit_of(owner, model)
    if active is None:
        raise _no_kit(model)
    return active


def with_model(first: _Kit, model: type | str) -> _Kit:
    """The open kit that has the model: ``first`` if it has, else another one.

    Raises `UnknownModel` where none of several has, and `ConfigurationError` for a name that several others have.
    """
    if _has(first.dataflow, model):
        return first
    others = beside(first)
    if others and not any(_has(kit.dataflow, model) for kit in others):
        _require_late(model, first, others)
    having = [kit for kit in (first, *others) if _has(kit.dataflow, model)]
    if len(having) > 1 and having[0] is not first:
        raise ConfigurationError(
            f"{len(having)} DataFlow instances under test have a model named {_name(model)}",
            why="its name alone does not say which one is meant",
            do=f"give the class, {_name(model)} as it was imported, in place of its name",
        )
    return having[0] if having else first  # whose store says that it is unknown


def beside(kit: _Kit) -> list[_Kit]:
    """The other open kits, in the order in which they were opened."""
    return [cast("_Kit", other) for other in _open if other is not kit and type(other) is type(kit)]


def _require_late(model: type | str, first: OpenKit, others: Sequence[OpenKit]) -> None:
    """Lets models be registered that are not yet. Raises `UnknownModel`, which names those of all."""
    try:
        first.store.model(model)
    except UnknownModel as unknown:
        if any(_has(kit.dataflow, model) for kit in others):
            return
        registered = [f"{redact(url_of(kit.dataflow))}: {comma_join(kit.dataflow.get_models())}" for kit in others]
        raise UnknownModel(
            unknown.what, details=["others under test have:", *registered], why=unknown.why, do=unknown.do
        ) from None


def _has(dataflow: Any, model: type | str) -> bool:
    return model in dataflow.get_models() if isinstance(model, str) else _registered(dataflow, model)


def _name(model: type | str) -> str:
    return model if isinstance(model, str) else model.__name__


def _registered(dataflow: Any, model: type) -> bool:
    return dataflow.get_models().get(model.__name__) is model


def _kit_of(dataflow: Any, model: type | str) -> OpenKit:
    for kit in reversed(_open):
        if kit.dataflow is dataflow:
            return kit
    provided = _provided(dataflow)
    if provided is None:
        raise _no_kit(model)
    return provided


def _provided(dataflow: Any | None) -> OpenKit | None:
    for provider in reversed(_providers):
        kit = provider(dataflow)
        if kit is not None:
            return kit
    return None


def _no_kit(model: type | str) -> NoActiveKit:
    return NoActiveKit(
        f"a factory for {_name(model)} was called, and no kit is active",
        why="it does not know which DataFlow to write to",
        do="in pytest set testkit_dataflow in pyproject.toml; elsewhere: async with Kit(db): ...",
    )
