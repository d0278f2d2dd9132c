"""Schemas that pydantic validates, as FastAPI does: its models, dataclasses, TypedDicts."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, NotRequired, Required, cast, get_args, get_origin, get_type_hints

from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import (
    AliasChoices,
    BaseModel,
    PydanticUndefinedAnnotation,
    PydanticUserError,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from kailash_testkit.errors import FieldTypeError
from kailash_testkit.factories.schemas.moments import declared_classes, stable_faker
from kailash_testkit.factories.schemas.schema import Problem, SchemaField


class PydanticSchema:
    """A pydantic model, a dataclass or a TypedDict."""

    def __init__(self, kind: type) -> None:
        self.name = kind.__name__
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(kind)
            if issubclass(kind, BaseModel):
                kind.model_rebuild()  # its annotations may name what was declared after it
        except (PydanticUserError, PydanticUndefinedAnnotation) as error:
            raise FieldTypeError(
                f"pydantic cannot validate by {self.name}: {error.message}",
                do="declare it as pydantic, and so FastAPI, takes it",
            ) from None
        self.fields = [_field(name, info) for name, info in _infos(kind).items()]

    def json_schema(self) -> Mapping[str, Any]:
        """As FastAPI shows it."""
        return self._adapter.json_schema(mode="validation", by_alias=True)

    def problems(self, body: object) -> Sequence[Problem]:
        """What pydantic refuses in a body of JSON."""
        try:
            self._adapter.validate_json(json.dumps(body))
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            return [Problem(each["loc"], each["type"], each["msg"]) for each in found]
        return []


def _infos(kind: Any) -> dict[str, FieldInfo]:
    known = getattr(kind, "model_fields", None) or getattr(kind, "__pydantic_fields__", None)
    if known is not None:
        return dict(known)
    hints = get_type_hints(kind, include_extras=True)
    if not dataclasses.is_dataclass(kind):
        required: frozenset[str] = kind.__required_keys__
        return {
            name: _optional(FieldInfo.from_annotation(_without_qualifier(hint)), name in required)
            for name, hint in hints.items()
        }
    infos: dict[str, FieldInfo] = {}
    for field in dataclasses.fields(kind):
        if field.init:
            without = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            infos[field.name] = _optional(FieldInfo.from_annotation(hints[field.name]), without)
    return infos


def _without_qualifier(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def _optional(info: FieldInfo, required: bool) -> FieldInfo:
    if not required and info.is_required():
        info.default = None
    return info


def _key(name: str, info: FieldInfo) -> str:
    alias = info.validation_alias or info.alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
    return alias if isinstance(alias, str) else name


def _field(name: str, info: FieldInfo) -> SchemaField:
    return SchemaField(name, _key(name, info), info.is_required(), _Maker(info))


class _Maker:
    """Makes values of a field, with polyfactory, and as JSON."""

    def __init__(self, info: FieldInfo) -> None:
        self._info = info

    def __call__(self, seed: int) -> object:
        self._factory.seed_random(seed)
        with declared_classes():
            made = self._factory.build().value
        return _json(made)

    @functools.cached_property
    def _factory(self) -> Any:
        info = self._info
        annotation: Any = info.annotation
        for metadata in info.metadata:
            annotation = Annotated[annotation, metadata]
        alone = FieldInfo(annotation=annotation)
        alone.discriminator = info.discriminator
        holder = create_model("Holder", __config__={"arbitrary_types_allowed": True}, value=(annotation, alone))
        return ModelFactory.create_factory(holder, __allow_none_optionals__=False, __faker__=stable_faker())


def _json(value: object) -> object:
    """A value as a body has it: by the aliases that are read, and with secrets, which pydantic would mask."""
    if isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return {_key(name, info): _json(getattr(value, name)) for name, info in _infos(type(value)).items()}
    if isinstance(value, Mapping):
        return {str(_json(key)): _json(entry) for key, entry in cast("Mapping[object, object]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json(item) for item in cast("Iterator[object]", value)]
    if isinstance(value, (SecretStr, SecretBytes)):
        return _json(value.get_secret_value())
    if isinstance(value, Enum):
        return _json(value.value)
    return to_jsonable_python(value)
