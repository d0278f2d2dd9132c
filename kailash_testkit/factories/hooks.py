"""Hooks on the values of a row before it is stored; they may change the values."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, cast

from kailash_testkit.errors import DeclarationError, FieldTypeError
from kailash_testkit.factories.declarations import Values, takes_two
from kailash_testkit.factories.definition import Definition, Hook, When
from kailash_testkit.factories.drafts import Draft, NotKnownYetError
from kailash_testkit.models import Model
from kailash_testkit.models.checking import checked_values


async def run_hooks(definition: Definition, model: Model, values: dict[str, object], draft: Draft) -> dict[str, object]:
    """The values of a row that is about to be stored, as the hooks leave them."""
    for when, hook in _hooks(definition, ("after_build", "before_create")):
        before = dict(values)
        result = called(hook, values, draft.view)
        if inspect.isawaitable(result):
            await result
        values = _checked(model, before, values, when)
    return values


def run_hooks_of_built(definition: Definition, model: Model, draft: Draft) -> dict[str, object]:
    """The values of a row that is not stored. Raises `DeclarationError` for what must be awaited."""
    values = draft.values()
    for when, hook in _hooks(definition, ("after_build",)):
        before = dict(values)
        try:
            result = called(hook, values, draft.view)
        except NotKnownYetError as error:
            draft.close()
            raise _cannot_await(
                f"a hook of after_build asks for {model.name}.{error}, made by an async function"
            ) from None
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise _cannot_await(f"the factory for {model.name} has an async hook of after_build")
        values = _checked(model, before, values, when)
    return values


def _cannot_await(what: str) -> DeclarationError:
    return DeclarationError(
        what,
        why="build() and payload() are not async, so they cannot await it",
        do="use create(), or a hook of before_create",
    )


def called(hook: Hook, first: object, view: Values) -> object:
    """Calls the hook, with the values in the making where it takes a second argument."""
    call = cast("Any", hook)
    return call(first, view) if takes_two(hook) else call(first)


def _hooks(definition: Definition, stages: tuple[When, ...]) -> Iterator[tuple[When, Hook]]:
    for when in stages:
        for hook in definition.hooks_of(when):
            yield when, hook


def _checked(model: Model, before: dict[str, object], values: dict[str, object], when: When) -> dict[str, object]:
    changed = {name: value for name, value in values.items() if name not in before or value is not before[name]}
    if values.get("id") != before.get("id"):
        raise FieldTypeError(
            f"a hook of {when} changed the id of a row of {model.name}",
            why="other rows of the call may already hold it",
            do="give the id to create(), or declare it in the factory",
        )
    return {**values, **checked_values(model, changed)}
