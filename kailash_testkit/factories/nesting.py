"""Declarations within dicts and lists: ``meta={"no": sequence("{}"), "tags": [fake("word")]}``.

Each is a value of its own, known by its place (``meta['no']``): made once for a row, awaited if it is async, and named
in errors like the value of a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from kailash_testkit.factories.declarations import Declaration, Maker, Values
from kailash_testkit.factories.drafts import NotKnownYetError
from kailash_testkit.factories.numbering import Number
from kailash_testkit.models import Model

Filling = Callable[[Values], object]


class Nested(Declaration):
    """A dict, list or tuple that holds declarations, at any depth."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __repr__(self) -> str:
        return repr(self._value)

    def parts(self, place: str) -> Iterator[tuple[str, Declaration]]:
        yield from _parts(self._value, place)

    def bound(self, model: Model, field: str) -> Maker:
        fill, places = _filling(self._value, field), [place for place, _ in self.parts(field)]

        def filled(number: Number, values: Values) -> object:
            _ask_for_each(places, values)
            return fill(values)

        return filled


def _ask_for_each(places: Iterable[str], values: Values) -> None:
    """Makes all parts, also those after one that must wait: a part may say which further rows are created."""
    waiting: NotKnownYetError | None = None
    for place in places:
        try:
            values[place]
        except NotKnownYetError as error:
            waiting = waiting or error
    if waiting is not None:
        raise waiting


def with_nested(value: object) -> object:
    """The value; as a declaration where it holds some."""
    return Nested(value) if not isinstance(value, Declaration) and any(_parts(value, "")) else value


def every_part(values: Mapping[str, object]) -> dict[str, Declaration]:
    """All declarations that these values consist of, by place, those within others included."""
    found: dict[str, Declaration] = {}
    for name, value in values.items():
        declared = with_nested(value)
        if isinstance(declared, Declaration):
            _collect(name, declared, found)
    return found


def _collect(place: str, declared: Declaration, found: dict[str, Declaration]) -> None:
    found[place] = declared
    for inner, part in declared.parts(place):
        _collect(inner, part, found)


def _parts(value: object, place: str) -> Iterator[tuple[str, Declaration]]:
    if isinstance(value, Declaration):
        yield place, value
    elif isinstance(value, dict):
        for number, (key, entry) in enumerate(cast("dict[object, object]", value).items()):
            yield from _parts(key, f"{place}.key[{number}]")
            yield from _parts(entry, _of_key(place, number, key))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(cast("Iterable[object]", value)):
            yield from _parts(item, f"{place}[{number}]")


def _of_key(place: str, number: int, key: object) -> str:
    return f"{place}.value[{number}]" if isinstance(key, Declaration) else f"{place}[{key!r}]"


def _filling(value: object, place: str) -> Filling:
    """What puts a row's made values into the places of declarations; all containers are new."""
    if isinstance(value, Declaration):
        return lambda values: values[place]
    if isinstance(value, dict):
        entries = [
            (_filling(key, f"{place}.key[{number}]"), _filling(entry, _of_key(place, number, key)))
            for number, (key, entry) in enumerate(cast("dict[object, object]", value).items())
        ]
        return lambda values: {key(values): entry(values) for key, entry in entries}
    if isinstance(value, (list, tuple)):
        items = [_filling(item, f"{place}[{number}]") for number, item in enumerate(cast("Iterable[object]", value))]
        kind: Any = list if isinstance(value, list) else tuple
        return lambda values: kind(item(values) for item in items)
    return lambda values: value
