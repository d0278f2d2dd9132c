"""Failed assertions on rows explain themselves by column: ``assert row == other``, ``assert row.matches(...)``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from kailash_testkit.models.rows import BaseRow

_MODULE = "kailash_testkit.models.rows"
_MOST_LINES = 20


def compared(op: str, left: object, right: object) -> list[str] | None:
    """The explanation of a failed ``==`` with rows in it; None where there are none."""
    if op != "==" or _MODULE not in sys.modules:  # nobody made a row
        return None
    if type(left) in (list, tuple) and type(right) in (list, tuple):
        return _lists(cast("Sequence[object]", left), cast("Sequence[object]", right))
    return _pair(left, right) if _is_row(left) or _is_row(right) else None


def _pair(left: object, right: object) -> list[str]:
    return [f"{_name(left)} == {_name(right)}", *_columns(left, right)]


def _lists(left: Sequence[object], right: Sequence[object]) -> list[str] | None:
    if not any(map(_is_row, (*left, *right))):
        return None
    places = (place for place, (one, other) in enumerate(zip(left, right, strict=False)) if one != other)
    first = next(places, None)
    head = f"{len(left)} rows == {len(right)} rows"
    if first is None:
        longer = left if len(left) > len(right) else right
        side = "left" if longer is left else "right"
        return [head, f"only on the {side}: {longer[min(len(left), len(right))]!r}"]
    return [head, f"at index {first}:", *(f"  {line}" for line in _columns(left[first], right[first]))]


def _columns(one: object, other: object) -> list[str]:
    from kailash_testkit.models.differences import differences, lines
    from kailash_testkit.models.equality import equal_columns
    from kailash_testkit.models.rows import BaseRow, model_of
    from kailash_testkit.redaction import masked

    model = next(model_of(each) for each in (one, other) if isinstance(each, BaseRow))
    if isinstance(one, BaseRow) and isinstance(other, BaseRow) and model_of(one) != model_of(other):
        return [f"{model_of(one)} is another model than {model_of(other)}"]
    ours, theirs = _values(one), _values(other)
    if ours is None or theirs is None:
        return [f"{one!r} != {other!r}"]
    found: list[str] = []
    for name in dict.fromkeys([*ours, *theirs]):
        if name not in ours or name not in theirs:
            found.append(f"{name}: only on the {'left' if name in ours else 'right'}")
        elif not equal_columns(ours[name], theirs[name]):
            places = differences(
                name, masked(name, ours[name], model), masked(name, theirs[name], model), equal_columns
            )
            found += lines(places, "{}: {} != {}")
    return found[:_MOST_LINES]


def _values(value: object) -> Mapping[str, object] | None:
    if _is_row(value):
        return cast("BaseRow", value).as_dict()
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None


def _is_row(value: object) -> bool:
    from kailash_testkit.models.rows import BaseRow

    return isinstance(value, BaseRow)


def _name(value: object) -> str:
    from kailash_testkit.models.rows import model_of

    if not _is_row(value):
        return type(value).__name__
    row = cast("BaseRow", value)
    return f"{model_of(row)} {row.as_dict().get('id')!r}"


def explain_matches(error: BaseException) -> None:
    """Adds to a failed ``assert row.matches(...)`` what did not match, if it is the assertion that failed."""
    if not isinstance(error, AssertionError) or _MODULE not in sys.modules:
        return
    from kailash_testkit.models.rows import failed_matches

    place = _last(error.__traceback__)
    told = getattr(error, "__notes__", ())
    if place is None or any(note.startswith("does not match: ") for note in told):
        return
    for line in _lines_of(failed_matches(*place)):
        error.add_note(line)


def _lines_of(found: Sequence[tuple[BaseRow, Mapping[str, object]]]) -> Iterator[str]:
    from kailash_testkit.models.differences import differences, lines
    from kailash_testkit.models.equality import same
    from kailash_testkit.models.rows import misfits_of, model_of
    from kailash_testkit.redaction import masked

    for row, expected in found:
        model, values = model_of(row), row.as_dict()
        yield f"does not match: {_name(row)}"
        for name, value in expected.items():
            if not same(value, values[name]):
                places = differences(name, masked(name, value, model), masked(name, values[name], model))
                yield from (f"  {line}" for line in lines(places, "{}: expected {}, is {}"))
            if name in misfits_of(row):
                yield f"  why: {misfits_of(row)[name].why}"
                yield f"  do:  {misfits_of(row)[name].do}"


def _last(traceback: TracebackType | None) -> tuple[str, int] | None:
    """File and line of the frame that raised."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return None if traceback is None else (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
