"""Filters: ``status="open"``, ``total={"$gt": 3}``, as DataFlow's nodes take them.

Only what DataFlow does right, on every database, reaches it. The rest is decided here, on the rows that it returns:
comparisons of JSON columns and of texts (a database compares these by its collation: MariaDB takes "ada" for "Ada"),
None within ``$in``, texts that DataFlow rewrites because they look like SQL, an empty ``$in`` (a syntax error on
PostgreSQL). Operators that it has, that are broken, and that have no form here are refused.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from kailash_testkit.errors import FieldTypeError, UnknownOperator
from kailash_testkit.internals.dataflow import rewrites_text
from kailash_testkit.internals.releases import installed_dataflow
from kailash_testkit.models import Model
from kailash_testkit.models.checking import checked_operand
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.models.equality import same
from kailash_testkit.models.rows import Row
from kailash_testkit.models.types import alternatives
from kailash_testkit.redaction import masked
from kailash_testkit.text import closest_match, comma_join

_HOLDS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$eq": lambda value, operand: same(operand, value),
    "$ne": lambda value, operand: value is not None and not same(operand, value),
    "$gt": lambda value, operand: value is not None and value > operand,
    "$gte": lambda value, operand: value is not None and value >= operand,
    "$lt": lambda value, operand: value is not None and value < operand,
    "$lte": lambda value, operand: value is not None and value <= operand,
    "$in": lambda value, operand: any(same(option, value) for option in operand),
    "$nin": lambda value, operand: value is not None and not any(same(option, value) for option in operand),
    "$null": lambda value, operand: (value is None) == operand,
    "$between": lambda value, operand: value is not None and operand[0] <= value <= operand[1],
    "$contains": lambda value, operand: isinstance(value, str) and operand in value,
    "$startswith": lambda value, operand: isinstance(value, str) and value.startswith(operand),
    "$endswith": lambda value, operand: isinstance(value, str) and value.endswith(operand),
    "$iequals": lambda value, operand: isinstance(value, str) and value.casefold() == operand.casefold(),
    "$icontains": lambda value, operand: isinstance(value, str) and operand.casefold() in value.casefold(),
    "$istartswith": lambda value, operand: isinstance(value, str) and value.casefold().startswith(operand.casefold()),
    "$iendswith": lambda value, operand: isinstance(value, str) and value.casefold().endswith(operand.casefold()),
}  # what each operator means; as in SQL, a missing value is neither equal nor unequal to another
OF_TEXT: Final = (
    *("$contains", "$startswith", "$endswith"),
    *("$iequals", "$icontains", "$istartswith", "$iendswith"),
)
"""Operators on texts; those with an ``i`` leave upper and lower case aside. No character has a meaning in them."""
OPERATORS: Final = tuple(_HOLDS)
_OF_JSON: Final = ("$eq", "$ne", "$in", "$nin", "$null")
_BROKEN: Final = ("$like", "$ilike", "$not", "$and", "$or", "$regex")
_AT_NODE_TOO: Final = ("$eq", "$in")
"""Of texts, what a database finds by any collation includes what is equal to the last bit."""


@dataclass
class Filter:
    """A checked filter: what the node decides, what is decided in Python, and whether nothing can match."""

    node: dict[str, object] = field(default_factory=dict[str, object])
    in_python: list[Callable[[Row], bool]] = field(default_factory=list[Callable[[Row], bool]])
    nothing: bool = False

    def passes(self, row: Row) -> bool:
        """Whether a row that the node returned matches the rest of the filter."""
        return all(condition(row) for condition in self.in_python)


def checked_filter(model: Model, conditions: Mapping[str, object]) -> Filter:
    """The `Filter` for keyword conditions on a model.

    Raises `UnknownField` (SQLite would silently return nothing), `UnknownOperator`, `FieldTypeError`.
    """
    result = Filter()
    for name, condition in conditions.items():
        options = _options(model.column(name))
        for operator, operand in _operators(model, name, condition, options).items():
            _add(result, name, operator, _checked(model, name, operator, operand), json=options is _OF_JSON)
    return result


def holds(model: Model, conditions: Mapping[str, object], row: Row) -> bool:
    """Whether a row meets conditions that `checked_filter` accepts. A value that cannot be compared meets none."""
    try:
        return all(
            _HOLDS[operator](row[name], operand)
            for name, condition in conditions.items()
            for operator, operand in _operators(model, name, condition, _options(model.column(name))).items()
        )
    except TypeError:
        return False


def _options(annotation: object) -> tuple[str, ...]:
    """The operators on a column."""
    if _is_json(annotation):
        return _OF_JSON
    is_text = any(kind is str or kind is object for kind in alternatives(annotation))
    return OPERATORS if is_text else tuple(each for each in OPERATORS if each not in OF_TEXT)


def _is_json(annotation: object) -> bool:
    return any(kind is dict or kind is list or hasattr(kind, "__origin__") for kind in alternatives(annotation))


def _operators(model: Model, name: str, condition: object, options: tuple[str, ...]) -> Mapping[str, object]:
    """The condition as operators; a dict is one for a JSON column unless all its keys are operators."""
    if not isinstance(condition, Mapping):
        return {"$eq": condition}
    operators = cast("Mapping[str, object]", condition)
    if options is _OF_JSON and not (operators and all(str(key).startswith("$") for key in operators)):
        return {"$eq": operators}
    if not operators:
        raise FieldTypeError(
            f"the filter on {model.name}.{name} is empty",
            why="it would match every row",
            do=f"leave {name} out, or give a value or an operator: {comma_join(options)}",
        )
    for operator in operators:
        if operator not in options:
            raise _unknown_operator(model, name, operator, options)
    return operators


def _checked(model: Model, name: str, operator: str, operand: object) -> object:
    shown = masked(name, operand, model.name)
    if operator == "$null":
        if not isinstance(operand, bool):
            raise FieldTypeError(f"$null on {model.name}.{name} takes True or False, got {shown!r}")
        return operand
    if operator in ("$in", "$nin", "$between"):
        return _checked_list(model, name, operator, operand)
    if operator in OF_TEXT and not isinstance(operand, str):
        raise FieldTypeError(f"{operator} on {model.name}.{name} takes a text, got {shown!r}")
    if operand is None and operator not in ("$eq", "$ne"):
        raise FieldTypeError(
            f"{operator} on {model.name}.{name} cannot compare with None",
            do=f"ask for rows without a value by {name}=None, for those with one by {name}={{'$null': False}}",
        )
    return checked_operand(model, name, operand)


def _checked_list(model: Model, name: str, operator: str, operand: object) -> list[object]:
    shown = masked(name, operand, model.name)
    if not isinstance(operand, Sequence) or isinstance(operand, (str, bytes)):
        raise FieldTypeError(f"{operator} on {model.name}.{name} takes a list, got {shown!r}")
    checked = [checked_operand(model, name, option) for option in cast("Sequence[object]", operand)]
    if operator == "$between" and (len(checked) != 2 or None in checked):
        raise FieldTypeError(
            f"$between on {model.name}.{name} takes the least and the greatest value, got {shown!r}",
            do=f"write {name}={{'$between': [least, greatest]}}; both are included",
        )
    return checked


def _add(result: Filter, name: str, operator: str, operand: object, *, json: bool) -> None:
    if operand == [] and operator in ("$in", "$nin"):
        result.nothing = result.nothing or operator == "$in"
    elif operand is None or operator == "$null":
        # {"$null": False} finds the rows without a value, too; {"$ne": None} does not.
        missing = operator == "$eq" or operand is True
        _at_node(result, name)["$null" if missing else "$ne"] = True if missing else None
    elif json or _misread(operand):
        _in_python(result, name, operator, operand)
    elif _is_text(operand):
        _in_python(result, name, operator, operand)
        if operator in _AT_NODE_TOO:
            _at_node(result, name)[operator] = _bindable(operand)
    elif operator == "$between":
        least, greatest = cast("list[object]", operand)
        _add(result, name, "$gte", least, json=json)
        _add(result, name, "$lte", greatest, json=json)
    else:
        _narrow(result, name, operator, operand)


def _in_python(result: Filter, name: str, operator: str, operand: object) -> None:
    holds = _HOLDS[operator]
    result.in_python.append(lambda row: holds(row[name], operand))


def _narrow(result: Filter, name: str, operator: str, operand: object) -> None:
    """Leaves the condition to the node, which takes one of each operator."""
    if operator in _at_node(result, name):
        _in_python(result, name, operator, operand)
    else:
        _at_node(result, name)[operator] = _bindable(operand)


def _is_text(operand: object) -> bool:
    """Whether a database would compare by its collation."""
    if isinstance(operand, list):
        return any(map(_is_text, cast("list[object]", operand)))
    return isinstance(operand, str) and not isinstance(operand, enum.Enum)


def _at_node(result: Filter, name: str) -> dict[str, object]:
    return cast("dict[str, object]", result.node.setdefault(name, {}))


def _misread(operand: object) -> bool:
    """Whether DataFlow would compare with something else."""
    if isinstance(operand, list):
        return any(option is None or _misread(option) for option in cast("list[object]", operand))
    return isinstance(operand, bytes) or (isinstance(operand, str) and rewrites_text(operand))


def _bindable(operand: object) -> object:
    if isinstance(operand, list):
        return [enum_to_value(option) for option in cast("list[object]", operand)]
    return enum_to_value(operand)


def _unknown_operator(model: Model, name: str, operator: str, options: tuple[str, ...]) -> UnknownOperator:
    guess = closest_match(operator, options)
    why = f"DataFlow's own is broken ({installed_dataflow()})" if operator in _BROKEN else None
    if operator in OPERATORS:
        why, guess = "the column holds no text", None
        if options is _OF_JSON:
            why = "the column holds JSON, which has no order and is no text"
    return UnknownOperator(
        f"filter on {model.name}.{name}: {operator!r} cannot be used"
        + (f": did you mean {guess!r}?" if guess and operator not in _BROKEN else ""),
        why=why,
        do=f"use one of {comma_join(options)}, or filter the rows in Python",
    )
