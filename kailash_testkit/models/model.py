"""Reads what a DataFlow instance knows about one of its models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, get_type_hints

from kailash_testkit.errors import UnknownField, UnknownModel
from kailash_testkit.internals import releases
from kailash_testkit.models.enums import enums_in
from kailash_testkit.models.moments import Moments
from kailash_testkit.models.types import alternatives, decoder, has_metadata, is_nullable
from kailash_testkit.redaction import classify
from kailash_testkit.text import closest_match, comma_join

MISSING: Final = object()
"""Stands for "no default was declared"; None is a default like any other."""

TOMBSTONE: Final = "deleted_at"
"""The column that says when a row was soft-deleted."""

MANAGED: Final = frozenset({"created_at", "updated_at"})
"""Set by DataFlow itself, declared or not; it discards values given for them, so that the kit writes these."""


SERVER_SET: Final = MANAGED | {"id", TOMBSTONE, "tenant_id"}
"""Fields that an API sets itself, as a rule."""


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field: its annotation, its default (or `MISSING`), whether DataFlow requires a value."""

    name: str
    annotation: object
    default: object = MISSING
    required: bool = True

    @property
    def nullable(self) -> bool:
        """Whether the column takes None: DataFlow makes ``Optional[T]`` without a default NOT NULL."""
        return is_nullable(self.annotation) and not self.required


@dataclass(frozen=True)
class Model:
    """What DataFlow knows about a model.

    fields: the declared fields by name, ``created_at`` and ``updated_at`` included when declared.
    unique: the sets of fields that a unique index covers, the id included.
    soft_delete: rows can be soft-deleted. hidden_rows: DataFlow's lists hide each row, as if it were.
    tenant: rows belong to a tenant (the DataFlow instance is multi-tenant).
    """

    name: str
    table: str
    fields: Mapping[str, Field]
    unique: tuple[frozenset[str], ...] = ()
    soft_delete: bool = False
    append_only: bool = False
    tenant: bool = False
    hidden_rows: bool = False

    @cached_property
    def unique_together(self) -> tuple[tuple[str, ...], ...]:
        """The sets of `unique`, each in the order of its names."""
        return tuple(tuple(sorted(names)) for names in self.unique)

    @cached_property
    def columns(self) -> Mapping[str, object]:
        """Annotation by column, with those that DataFlow adds: id, timestamps, tombstone, tenant."""
        added: dict[str, object] = {"created_at": Moments.datetime, "updated_at": Moments.datetime}
        if self.soft_delete:
            added[TOMBSTONE] = Moments.datetime | None
        if self.tenant:
            added["tenant_id"] = str
        declared = {field.name: field.annotation for field in self.fields.values()}
        return {"id": int, **declared, **{name: kind for name, kind in added.items() if name not in declared}}

    @cached_property
    def decoders(self) -> Mapping[str, Callable[[object], object]]:
        """By column: what makes a stored value one of the declared type."""
        return {name: decoder(annotation) for name, annotation in self.columns.items()}

    @cached_property
    def enum_columns(self) -> frozenset[str]:
        """The columns whose type has an Enum in it."""
        return frozenset(name for name, annotation in self.columns.items() if any(enums_in(annotation)))

    @cached_property
    def id_is_automatic(self) -> bool:
        """Whether the database numbers the rows: no id is declared, or an int."""
        return alternatives(self.columns["id"]) == (int,)

    @cached_property
    def writable(self) -> Mapping[str, Field]:
        """The fields for which a value may be given."""
        return {name: field for name, field in self.fields.items() if name not in MANAGED}

    @cached_property
    def times(self) -> frozenset[str]:
        """The columns with moments that DataFlow sets, and of which the kit writes what is given."""
        added = {TOMBSTONE} if self.soft_delete and TOMBSTONE not in self.fields else set[str]()
        return frozenset(MANAGED | added)

    @cached_property
    def settable(self) -> Mapping[str, Field]:
        """The fields for which a factory takes a value: those that are writable, and moments."""
        times = {name: Field(name, self.columns[name], required=False) for name in sorted(self.times)}
        return {**self.writable, **times}

    def column(self, name: str) -> object:
        """The annotation of a column. Raises `UnknownField` with the nearest name."""
        if name not in self.columns:
            why = "on SQLite, DataFlow would silently find nothing"
            raise unknown_field(self, name, self.columns, why)
        return self.columns[name]


def unknown_field(
    model: Model,
    name: str,
    options: Mapping[str, object],
    why: str = "DataFlow would accept it silently and store nothing for it",
) -> UnknownField:
    """The error for a field that the model does not have."""
    guess = closest_match(name, options)
    return UnknownField(
        f"{model.name} has no field {name!r}" + (f": did you mean {guess!r}?" if guess else ""),
        why=why,
        do=f"use one of: {comma_join(options)}",
    )


def read_model(dataflow: Any, model: type | str, /) -> Model:
    """The `Model` of a class or name as ``dataflow`` registered it.

    Raises `UnknownModel`, with the nearest registered name, when it is not registered there.
    """
    model_name = model if isinstance(model, str) else model.__name__
    info: dict[str, Any] | None = dataflow.get_model_info(model_name)
    if info is None:
        raise _unknown_model(dataflow, model_name)
    config: dict[str, Any] = info.get("config") or {}
    classify(model_name, _confidential(info.get("class")))
    limited = _limited(info.get("class"))
    fields = {
        field: Field(
            field, limited.get(field, known["type"]), known.get("default", MISSING), bool(known.get("required", True))
        )
        for field, known in info["fields"].items()
    }
    indexes: list[dict[str, Any]] = config.get("indexes") or []
    unique = [frozenset(index["fields"]) for index in indexes if index.get("unique")]
    wants_tombstones = bool(config.get("soft_delete"))
    has_tombstones = wants_tombstones and (releases.SOFT_DELETE.holds() or TOMBSTONE in fields)
    return Model(
        name=model_name,
        table=info["table_name"],
        fields=fields,
        unique=(frozenset({"id"}), *unique),
        soft_delete=has_tombstones,
        append_only=bool(info.get("append_only")),
        tenant=bool(dataflow.config.security.multi_tenant) and "tenant_id" in fields,
        hidden_rows=wants_tombstones and not has_tombstones,
    )


def _confidential(model: Any) -> Iterator[str]:
    """The fields that DataFlow's ``@classify`` marks, unless as public or internal and shown as they are."""
    for name, level, _, masking in getattr(model, "__field_classifications__", ()):
        if level.value not in ("public", "internal") or masking.value != "none":
            yield name


def _limited(model: Any) -> Mapping[str, object]:
    """The annotations with ``Annotated`` in them, which DataFlow takes off."""
    try:
        annotations = get_type_hints(model, include_extras=True)
    except (NameError, TypeError):  # names that only DataFlow could resolve, or no class: its types are used
        return {}
    return {name: annotation for name, annotation in annotations.items() if has_metadata(annotation)}


def _unknown_model(dataflow: Any, name: str) -> UnknownModel:
    registered: list[str] = list(dataflow.get_models())
    guess = closest_match(name, registered)
    return UnknownModel(
        f"no model {name!r} is registered with this DataFlow" + (f": did you mean {guess!r}?" if guess else ""),
        why=f"registered are: {comma_join(registered)}",
        do="import the module that declares it with @db.model before the test runs, or correct the name",
    )
