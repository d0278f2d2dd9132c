"""Where two values differ: of JSON the paths, of long texts the part, of all others the values as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit.models.equality import as_items, as_mapping, json_in_text, same
from kailash_testkit.text import differing, display

_MOST: Final = 6  # paths of one value; whoever sees so many looks at the whole
_DEEPEST: Final = 20
_MISSING: Final = object()


@dataclass(frozen=True)
class Difference:
    """One place where two values differ: its path, ``settings['key25']``, and what each has there, in words."""

    path: str
    one: str
    other: str


def differences(
    name: str, one: object, other: object, equal: Callable[[object, object], bool] = same
) -> list[Difference]:
    """Where two different values differ; at least one place.

    name: of the value, with which the paths begin. equal: decides on what is neither an object nor a list.
    JSON that one side, or both, have as text is taken apart like any other.

    >>> found = differences("settings", {"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 3], "c": None})
    >>> lines(found, "{}: {} -> {}")
    ["settings['b'][1]: 2 -> 3", "settings['c']: (missing) -> None"]
    """
    ours, theirs = _from_text(one), _from_text(other)
    if not (_is_container(ours) and _is_container(theirs)):
        ours, theirs = one, other
    found = list(_walk(name, ours, theirs, equal, _DEEPEST))
    if not found:
        return [Difference(name, *differing(one, other))]
    more = len(found) - _MOST
    if more > 1:
        found = [*found[:_MOST], Difference(f"... and {more} more places", "", "")]
    return found


def lines(found: Sequence[Difference], form: str) -> list[str]:
    """A line for each place. form: of a line, such as ``"{}: expected {}, got {}"``."""
    return [form.format(each.path, each.one, each.other) if each.one else each.path for each in found]


def _walk(
    path: str, one: object, other: object, equal: Callable[[object, object], bool], depth: int
) -> Iterator[Difference]:
    ours, theirs = as_mapping(one), as_mapping(other)
    left, right = as_items(one), as_items(other)
    if one is _MISSING or other is _MISSING:
        yield Difference(path, _or_missing(one), _or_missing(other))
    elif depth and ours is not None and theirs is not None and _overlap(ours, theirs):
        for key in dict.fromkeys([*ours, *theirs]):
            place = f"{path}[{key!r}]"
            yield from _walk(place, ours.get(key, _MISSING), theirs.get(key, _MISSING), equal, depth - 1)
    elif depth and left and right:
        yield from _walk_items(path, left, right, equal, depth - 1)
    elif not equal(one, other):
        yield Difference(path, *differing(one, other))


def _walk_items(
    path: str, one: Sequence[object], other: Sequence[object], equal: Callable[[object, object], bool], depth: int
) -> Iterator[Difference]:
    """Items are compared from both ends, so that one that was put in or taken out is one difference."""
    shorter = min(len(one), len(other))
    start = next((place for place in range(shorter) if not equal(one[place], other[place])), shorter)
    rest = shorter - start
    end = next((place for place in range(rest) if not equal(one[-1 - place], other[-1 - place])), rest)
    if len(one) == len(other):
        end = 0
    for place in range(start, max(len(one), len(other)) - end):
        ours = one[place] if place < len(one) - end else _MISSING
        theirs = other[place] if place < len(other) - end else _MISSING
        yield from _walk(f"{path}[{place}]", ours, theirs, equal, depth)


def _overlap(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    """Whether two objects have anything in common, so that their paths say more than they do."""
    return not one or not other or bool(one.keys() & other.keys())


def _or_missing(value: object) -> str:
    return "(missing)" if value is _MISSING else display(value)


def _is_container(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _from_text(value: object) -> object:
    return json_in_text(value) if isinstance(value, str) else value
