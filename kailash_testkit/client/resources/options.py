"""How one API differs from another: the options of a resource."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias, TypedDict

Verb: TypeAlias = Literal["create", "get", "list", "update", "patch", "delete"]


class ResourceOptions(TypedDict, total=False):
    """The options of `Resource`, which describes them."""

    model: type | str | None
    id_field: str
    item_path: str | None
    envelope: str | None
    list_envelope: str | None
    statuses: Mapping[Verb, int | tuple[int, ...]]
    server_set: Collection[str]
    write_only: Collection[str]
    where: Mapping[str, object]
    allow: Collection[type | str]
