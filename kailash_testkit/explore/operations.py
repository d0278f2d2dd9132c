"""The operations of an API as its description has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, cast

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.checks import matches
from kailash_testkit.explore.documents import Document
from kailash_testkit.text import closest_match, comma_join

Schema = Mapping[str, Any]
Role = Literal["create", "list", "read", "update", "delete", "other"]

_METHODS: Final = ("get", "head", "options", "post", "put", "patch", "delete")
_FORMS: Final = ("application/x-www-form-urlencoded",)
_MOST_REFERENCES: Final = 20
_LAST: Final = re.compile(r"^(.*?)/?\{([^}/]*)\}/?$")


@dataclass(frozen=True)
class Parameter:
    """A parameter. place: path, query, header or cookie."""

    name: str
    place: str
    required: bool
    schema: Schema


@dataclass(frozen=True)
class Operation:
    """One operation. body: the schema of its body, None without one. media_type: of the body.

    needs_login: the description asks for credentials. unsupported: why no request can be made.
    """

    method: str
    path: str
    parameters: Sequence[Parameter]
    body: Schema | None
    body_required: bool
    media_type: str
    needs_login: bool
    unsupported: str
    document: Document

    @property
    def label(self) -> str:
        """``POST /orders/{order_id}``."""
        return f"{self.method} {self.path}"

    @cached_property
    def own_parameter(self) -> str | None:
        """The parameter that the path ends with."""
        found = _LAST.match(self.path)
        return found[2].partition(":")[0] if found else None

    @cached_property
    def collection(self) -> str:
        """The path without the parameter that it ends with."""
        found = _LAST.match(self.path)
        return (found[1] if found else self.path).rstrip("/") or "/"

    @property
    def role(self) -> Role:
        """What it does by its method and path, as far as that says something."""
        if self.own_parameter is not None:
            roles: Mapping[str, Role] = {"GET": "read", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
            return roles.get(self.method, "other")
        whole: Mapping[str, Role] = {"GET": "list", "POST": "create"}
        return whole.get(self.method, "other")

    def resolved(self, schema: Schema) -> Schema:
        """A schema without a reference at its top, and with what ``allOf`` puts together."""
        return resolved(schema, self.document)

    def properties(self) -> Mapping[str, Schema]:
        """The properties of the body."""
        return {} if self.body is None else cast("Mapping[str, Schema]", self.resolved(self.body).get("properties", {}))

    def parameters_in(self, place: str) -> Iterator[Parameter]:
        """Those of a place."""
        return (each for each in self.parameters if each.place == place)


def resolved(schema: Schema, document: Document) -> Schema:
    """A schema without a reference at its top; of several, as for an optional field, the first that is not null."""
    for _ in range(_MOST_REFERENCES):
        if "$ref" in schema:
            schema = _at(document, str(schema["$ref"]))
        elif len(schema.get("allOf", ())) == 1:
            schema = {**schema["allOf"][0], **{name: value for name, value in schema.items() if name != "allOf"}}
        elif schema.get("anyOf") or schema.get("oneOf"):
            options: Sequence[Schema] = schema.get("anyOf") or schema["oneOf"]
            first = next((each for each in options if each.get("type") != "null"), options[0])
            outer = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf")}
            schema = {**outer, **first, "nullable": any(each.get("type") == "null" for each in options)}
        elif isinstance(schema.get("type"), list):
            kinds = cast("list[str]", schema["type"])
            first_kind = next((kind for kind in kinds if kind != "null"), "null")
            schema = {**schema, "type": first_kind, "nullable": "null" in kinds}
        else:
            break
    return schema


def _at(document: Document, reference: str) -> Schema:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return cast("Schema", found)


def operations_of(document: Document, wanted: Collection[str] | None = None) -> list[Operation]:
    """The operations, in the order of the description.

    wanted: patterns, ``GET /orders/*``; None for all. Raises `ConfigurationError` for one that matches none.
    """
    found = [*_operations(document)]
    if not found:
        raise ConfigurationError("the description of the API has no operation", do="give another one: schema=...")
    patterns = None if wanted is None else [wanted] if isinstance(wanted, str) else [*wanted]
    for pattern in patterns or ():
        if not any(matches(pattern, each.label) for each in found):
            labels = [each.label for each in found]
            guess = closest_match(pattern, labels)
            raise ConfigurationError(
                f"operations: none is {pattern!r}" + (f": did you mean {guess!r}?" if guess else ""),
                do=f"use one of: {comma_join(labels)}",
            )
    return [each for each in found if patterns is None or any(matches(pattern, each.label) for pattern in patterns)]


def shared(operations: Sequence[Operation], share: tuple[int, int]) -> list[Operation]:
    """A share of the operations: those whose paths begin alike stay together, but for workflows of a Nexus."""
    place, number = share
    groups: dict[str, list[Operation]] = {}
    for operation in operations:
        first, _, rest = operation.path.strip("/").partition("/")
        groups.setdefault(rest if first == "workflows" else first, []).append(operation)
    shares: list[list[Operation]] = [[] for _ in range(number)]
    for group in sorted(groups.values(), key=len, reverse=True):
        min(shares, key=len).extend(group)
    return shares[place]


def _operations(document: Document) -> Iterator[Operation]:
    for path, item in document.get("paths", {}).items():
        whole = cast("Mapping[str, Any]", item)
        if "$ref" in whole:
            whole = _at(document, str(whole["$ref"]))
        for method in _METHODS:
            if method in whole:
                yield _operation(document, str(path), method, whole, whole[method])


def _operation(document: Document, path: str, method: str, item: Schema, own: Schema) -> Operation:
    parameters = [*_parameters(document, [*item.get("parameters", ()), *own.get("parameters", ())])]
    body, media_type, required, unsupported = _body(document, own)
    security = own.get("security", document.get("security", ()))
    is_asked = any(each for each in security) and not any(not each for each in security)
    by_header = any(each.place == "header" and each.name.lower() == "authorization" for each in parameters)
    return Operation(
        method.upper(), path, parameters, body, required, media_type, is_asked or by_header, unsupported, document
    )


def _parameters(document: Document, declared: Sequence[Schema]) -> Iterator[Parameter]:
    for each in declared:
        found = _at(document, str(each["$ref"])) if "$ref" in each else each
        content: Mapping[str, Any] = found.get("content", {})
        schema = found.get("schema") or next((inner.get("schema", {}) for inner in content.values()), None)
        kept = schema if schema is not None else found  # OpenAPI 2 has the rules beside the name
        place = str(found.get("in", "query"))
        if place in ("path", "query", "header", "cookie"):
            yield Parameter(str(found["name"]), place, bool(found.get("required")) or place == "path", kept)


def _body(document: Document, own: Schema) -> tuple[Schema | None, str, bool, str]:
    """Schema and media type of the body, whether it is required, and why it cannot be made."""
    declared: Schema = own.get("requestBody") or {}
    if "$ref" in declared:
        declared = _at(document, str(declared["$ref"]))
    content: Mapping[str, Schema] = declared.get("content", {})
    if not content:
        return None, "application/json", False, ""
    json_type = next((kind for kind in content if kind.partition(";")[0].endswith("json")), None)
    kind = json_type or next((kind for kind in content if kind in _FORMS), None)
    required = bool(declared.get("required"))
    if kind is None:
        return None, "", required, f"its body is {comma_join(content)}" if required else ""
    return content[kind].get("schema") or {}, kind, required, ""
