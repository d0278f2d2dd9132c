"""The rules of a schema as its JSON Schema tells them, with values that may break each; the schema judges these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from kailash_testkit.factories.schemas.schema import Path

_TYPES: Final[Mapping[str, object]] = {
    "string": {"not": "a text"},
    "integer": "no number",
    "number": "no number",
    "boolean": "no bool",
    "array": "no list",
    "object": "no object",
}
_FORMATS: Final = ("no format", "", "-")
_UNKNOWN_KEY: Final = "unexpected"
_MOST_NESTED: Final = 6

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A rule of one place. values: what may break it there, the least change first; none: the place is left out."""

    name: str
    path: Path
    values: Sequence[object] = ()


def rules_of(schema: Node, body: Mapping[str, object]) -> Iterator[Rule]:
    """The rules of a JSON Schema, in its order. body: a valid one; of fields that it lacks, no rule is found."""
    yield from _Rules(schema).of_object((), _resolved(schema, schema), body, _MOST_NESTED)


class _Rules:
    def __init__(self, root: Node) -> None:
        self._root = root

    def of_object(self, path: Path, node: Node, value: Mapping[str, object], depth: int) -> Iterator[Rule]:
        required: Sequence[str] = node.get("required", ())
        properties: Mapping[str, Node] = node.get("properties", {})
        for key, inner in properties.items():
            if key in value:
                if key in required:
                    yield Rule("missing", (*path, key))
                yield from self.of_value((*path, key), inner, value[key], depth - 1)
        more = node.get("additionalProperties")
        if more is False:
            yield Rule("extra", (*path, _UNKNOWN_KEY), ["x"])
        elif isinstance(more, Mapping) and value:
            key = next(iter(value))
            yield from self.of_value((*path, key), cast("Node", more), value[key], depth - 1)
        if not path:
            return  # the body itself has no place to be put into
        if node.get("minProperties"):
            yield Rule("min_length", path, [dict(list(value.items())[: node["minProperties"] - 1])])
        if "maxProperties" in node:
            extra = {f"key{number}": next(iter(value.values()), 1) for number in range(node["maxProperties"] + 1)}
            yield Rule("max_length", path, [extra])

    def of_value(self, path: Path, node: Node, value: object, depth: int) -> Iterator[Rule]:
        branches = [_resolved(self._root, branch) for branch in self._branches(node)]
        if not depth or not branches or any(not branch for branch in branches):
            return  # nested without end, or anything goes
        if not any(branch.get("type") == "null" for branch in branches):
            yield Rule("null", path, [None])
        kinds = [branch for branch in branches if branch.get("type") != "null"]
        wrong = [_TYPES[str(kind["type"])] for kind in kinds if kind.get("type") in _TYPES and not _options(kind)]
        if wrong:
            yield Rule("type", path, [*wrong, {"not": "of this type"}, [], "no value", 1])
        for kind in kinds:
            yield from self._of_kind(path, kind, value, depth)

    def _branches(self, node: Node) -> Iterator[Node]:
        node = _resolved(self._root, node)
        inner: Sequence[Node] = node.get("anyOf") or node.get("oneOf") or ()
        for each in inner:
            yield from self._branches(each)
        if not inner:
            yield node

    def _of_kind(self, path: Path, node: Node, value: object, depth: int) -> Iterator[Rule]:
        options = _options(node)
        if options:
            yield Rule("enum", path, list(_others(options)))
            return
        if node.get("type") == "object" and isinstance(value, Mapping):
            yield from self.of_object(path, node, cast("Mapping[str, object]", value), depth)
        elif node.get("type") == "array" and isinstance(value, list):
            yield from self._of_list(path, node, cast("list[object]", value), depth)
        elif node.get("type") == "string" and isinstance(value, str):
            yield from _of_text(path, node, value)
        elif node.get("type") in ("integer", "number"):
            yield from _of_number(path, node)

    def _of_list(self, path: Path, node: Node, value: list[object], depth: int) -> Iterator[Rule]:
        if node.get("minItems"):
            yield Rule("min_length", path, [value[: node["minItems"] - 1]])
        if "maxItems" in node:
            numbers = list(range(node["maxItems"] + 1))
            yield Rule("max_length", path, [(value * len(numbers))[: len(numbers)], numbers, list(map(str, numbers))])
        if node.get("uniqueItems") and value:
            yield Rule("unique", path, [[*value, value[0]]])
        first: Sequence[Node] = node.get("prefixItems") or ([node["items"]] if node.get("items") else [])
        for place, (item, inner) in enumerate(zip(value, first, strict=False)):
            yield from self.of_value((*path, place), inner, item, depth - 1)


def _resolved(root: Node, node: Node) -> Node:
    while "$ref" in node or len(node.get("allOf", ())) == 1:
        if "$ref" not in node:
            node = {**node["allOf"][0], **{key: value for key, value in node.items() if key != "allOf"}}
            continue
        found: Any = root
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _of_text(path: Path, node: Node, value: str) -> Iterator[Rule]:
    if node.get("minLength"):
        short = node["minLength"] - 1
        yield Rule("min_length", path, [value[:short], *(character * short for character in "aA0")])
    if "maxLength" in node:
        long = node["maxLength"] + 1
        pads = [value + character * (long - len(value)) for character in (value[-1:] or "a", *"aA0")]
        yield Rule("max_length", path, [*pads, _in_the_middle(value, long)])
    if "pattern" in node:
        replaced = ["".join(other for _ in value) for other in ("!", " ", "a", "A", "0", "é")]
        yield Rule("pattern", path, [value[:-1] + "!", *replaced, "!", "", value + "!", "!" + value])
    if "format" in node:
        yield Rule("format", path, _FORMATS)


def _in_the_middle(value: str, length: int) -> str:
    """Longer where its beginning and its end must stay, as in an address of mail."""
    middle = len(value) // 2
    return value[:middle] + "a" * (length - len(value)) + value[middle:]


_BOUNDS: Final[Mapping[str, tuple[str, Callable[[Any, Any], Any]]]] = {
    "minimum": ("ge", lambda bound, step: bound - step),
    "exclusiveMinimum": ("gt", lambda bound, step: bound),
    "maximum": ("le", lambda bound, step: bound + step),
    "exclusiveMaximum": ("lt", lambda bound, step: bound),
}


def _of_number(path: Path, node: Node) -> Iterator[Rule]:
    step = node.get("multipleOf", 1)
    for key, (name, broken) in _BOUNDS.items():
        if key in node:
            bound = node[key]
            yield Rule(name, path, [_whole(broken(bound, by)) for by in (step, step * 0.01, 1)])
    if "multipleOf" in node:
        low = node.get("minimum", node.get("exclusiveMinimum", 0))
        yield Rule("multiple_of", path, [_whole(low + step * part) for part in (1.5, 2.5, 0.5)] + [low + 1, low + 2])


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else round(number, 6)


def _options(node: Node) -> Sequence[object]:
    return node.get("enum") or ([node["const"]] if "const" in node else [])


def _others(options: Sequence[object]) -> Iterator[object]:
    numbers = [option for option in options if isinstance(option, int) and not isinstance(option, bool)]
    yield from [max(numbers) + 1] if numbers else []
    yield from ("no option", -1)
