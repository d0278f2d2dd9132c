"""What `Factory.get_or_create` looks for, one call at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from weakref import WeakKeyDictionary

from kailash_testkit.concurrency import loops
from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.factories.definition import Definition, replacing
from kailash_testkit.models import Model
from kailash_testkit.models.rows import BaseRow
from kailash_testkit.store.store import Store

_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[int, str], asyncio.Lock]] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def one_at_a_time(store: Store, model: Model) -> AsyncGenerator[None, None]:
    """Keeps others of this event loop from looking for rows of the model, finding none and creating a second one."""
    locks = _locks.setdefault(loops.running_loop(), {})
    async with locks.setdefault((id(store), model.name), asyncio.Lock()):
        yield


def looked_up_by(
    definition: Definition, by: tuple[str, ...], values: Mapping[str, object]
) -> tuple[Store, Model, Mapping[str, object]]:
    """Where to look, and for which values. Raises `UnknownField`, or `DeclarationError` where a value is not known."""
    switched, rest = definition.switched(values)
    store, model = switched.resolved()
    defaults = switched.all_defaults()
    known = {**defaults, **replacing(defaults, rest)}
    names = by or tuple(name for name in rest if name in model.columns)
    if not names:
        raise DeclarationError(
            f"get_or_create() of {model.name} does not say which row is meant",
            do='give it the values to look for: get_or_create(name="admin"), or fields: get_or_create("name", ...)',
        )
    for name in names:
        model.column(name)
        if name not in known or isinstance(known[name], Declaration):
            made = f" and {known[name]!r} makes another one for each row" if name in known else ""
            raise DeclarationError(
                f"get_or_create({name!r}) of {model.name}: no value to look for is given{made}",
                do=f"give one: get_or_create({name!r}, {name}=...)",
            )
    return store, model, {name: _stored(known[name]) for name in names}


def _stored(value: object) -> object:
    return value.as_dict()["id"] if isinstance(value, BaseRow) else value
