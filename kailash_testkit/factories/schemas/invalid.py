"""Bodies that a schema refuses, each for one rule."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.numbering import Numbering
from kailash_testkit.factories.random_seed import DEFAULT_SEED, seeded
from kailash_testkit.factories.schemas.bodies import Body
from kailash_testkit.factories.schemas.rules import Rule, rules_of
from kailash_testkit.factories.schemas.schema import Path, Problem, Schema

# What pydantic calls a broken rule, in part; all else is one of type, format or enum.
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "missing": ("missing",),
    "extra": ("extra_forbidden", "unexpected_keyword_argument"),
    "min_length": ("too_short",),
    "max_length": ("too_long",),
    "pattern": ("pattern_mismatch",),
    "ge": ("greater_than_equal",),
    "gt": ("greater_than",),
    "le": ("less_than_equal",),
    "lt": ("less_than",),
    "multiple_of": ("multiple_of",),
}
_OF_TAGS: Final = ("union_tag_not_found", "union_tag_invalid")
_LIMITS: Final = tuple(kind for kinds in _KINDS.values() for kind in kinds)


@dataclass(frozen=True, eq=False)
class InvalidPayload:
    """A body that breaks one rule of a schema, and no other: what a test of refusals is parametrised with.

    field: where, such as ``lines[0].quantity``, by the keys of JSON. rule: which, such as ``gt`` or ``missing``.
    payload: the body. problem: what the schema says of it. pytest shows it as ``lines[0].quantity-gt``.
    """

    field: str
    rule: str
    payload: dict[str, Any]
    problem: str

    @property
    def name(self) -> str:
        """The field and the rule."""
        return f"{self.field}-{self.rule}"

    @property
    def __name__(self) -> str:  # pytest's id of a parameter
        return self.name

    def __str__(self) -> str:
        return self.name


def invalid_payloads(definition: Definition, schema: Schema, overrides: Mapping[str, object]) -> list[InvalidPayload]:
    """One body for each rule of the schema that can be broken alone; the same in every run, whatever its seed.

    Raises what the making of a valid body raises.
    """
    with seeded(DEFAULT_SEED):  # pytest tells tests by them, from run to run
        return _invalid_payloads(definition, schema, overrides)


def _invalid_payloads(definition: Definition, schema: Schema, overrides: Mapping[str, object]) -> list[InvalidPayload]:
    number = Numbering("function", f"invalid payloads by {schema.name}").at(1)
    body = Body(definition, schema, overrides, number, placeholders=True)
    valid = body.valid()
    full = {**valid, **{field.key: body.made(field, valid) for field in schema.fields if field.key not in valid}}
    found: dict[tuple[Path, str], InvalidPayload] = {}
    for rule in rules_of(schema.json_schema(), full):
        if (rule.path, rule.name) not in found:
            first = str(rule.path[0])
            base = valid if first in valid or first not in full else {**valid, first: full[first]}
            for broken, problem in _broken(schema, base, rule):
                found[rule.path, rule.name] = InvalidPayload(_shown(rule.path), rule.name, broken, problem.message)
                break
    return list(found.values())


def _broken(schema: Schema, body: Mapping[str, Any], rule: Rule) -> Iterator[tuple[dict[str, Any], Problem]]:
    """The bodies, each with a value that might break the rule, which the schema refuses for that rule alone."""
    for candidate in _candidates(body, rule):
        problems = schema.problems(candidate)
        of_union = len({problem.path for problem in problems}) > 1
        if problems and (len(problems) == 1 or of_union) and all(_is_of(rule, each, of_union) for each in problems):
            yield candidate, problems[0]


def _candidates(body: Mapping[str, Any], rule: Rule) -> Iterator[dict[str, Any]]:
    for value in rule.values or [None]:
        changed: Any = copy.deepcopy(dict(body))
        holder = changed
        for step in rule.path[:-1]:
            holder = holder[step]
        if rule.values:
            holder[rule.path[-1]] = copy.deepcopy(value)
        else:
            del holder[rule.path[-1]]
        yield changed


def _is_of(rule: Rule, problem: Problem, of_union: bool) -> bool:
    """Whether the schema refuses the value for the rule, at its place."""
    if problem.kind in _OF_TAGS and rule.name in ("missing", "null", "enum"):
        return problem.path == rule.path[:-1]
    steps = iter(problem.path)  # a union puts the names of its members between
    if not all(step in steps for step in rule.path):
        return False
    kinds = _KINDS.get(rule.name)
    if kinds is None:
        return of_union or not problem.kind.endswith(_LIMITS)
    return problem.kind.endswith(kinds) or (of_union and not problem.kind.endswith(_LIMITS))


def _shown(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
