"""A valid body by a schema: of what the call gives, what the factory makes for the model's fields, and the schema."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kailash_testkit.errors import DeclarationError, FieldTypeError, KitError, UnknownField
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.random_seed import draw
from kailash_testkit.factories.schemas.model_values import blueprint_without_kit, model_values
from kailash_testkit.factories.schemas.schema import Problem, Schema, SchemaField
from kailash_testkit.factories.transients import Transient
from kailash_testkit.models.checking import checked_values
from kailash_testkit.models.model import SERVER_SET
from kailash_testkit.models.rows import jsonable
from kailash_testkit.redaction import is_secret
from kailash_testkit.text import closest_match, comma_join

_ATTEMPTS: Final = 50
"""Values made for a field before it is given up: a validator of the user's refuses some."""


class Body:
    """A body in the making. placeholders: see `model_values`."""

    def __init__(
        self,
        definition: Definition,
        schema: Schema,
        overrides: Mapping[str, object],
        number: Number,
        *,
        placeholders: bool = False,
    ) -> None:
        self._definition, rest = definition.switched(overrides)
        self._schema = schema
        self._number = number
        self._by_key = {name: field for field in schema.fields for name in (field.key, field.name)}
        self._model, _ = blueprint_without_kit(self._definition)
        self._given = self._sorted_out(rest)
        self._of_model = self._values_of_model(rest, placeholders)
        self._reasons: dict[str, str] = {}

    def valid(self) -> dict[str, Any]:
        """The body, checked by the schema. Raises `DeclarationError` where no value can be made."""
        body = {field.key: value for field in self._schema.fields for value in self._value(field)}
        attempt = 0
        while True:
            problems = [each for each in self._schema.problems(body) if self._field_of(each) not in self._given]
            if not problems:
                return body
            attempt += 1
            if attempt > _ATTEMPTS:
                raise self._unmade(problems[0])
            for field in {self._mendable(each).key: self._mendable(each) for each in problems}.values():
                body[field.key] = self._make(field, attempt)

    def made(self, field: SchemaField, schema_accepts: Mapping[str, object]) -> object:
        """A valid value of a field that the body leaves out. schema_accepts: a valid body."""
        for attempt in range(_ATTEMPTS):
            value = self._make(field, attempt)
            if not self._schema.problems({**schema_accepts, field.key: value}):
                return value
        return None

    def _value(self, field: SchemaField) -> Iterator[object]:
        """The field's value; none where it is left out."""
        if field.name in self._given:
            yield self._given[field.name]
        elif field.name in self._of_model:
            yield jsonable(self._of_model[field.name])
        elif field.required:
            yield self._make(field, 0)

    def _make(self, field: SchemaField, attempt: int) -> object:
        """A value by the schema; None where polyfactory could make none, which the schema then judges."""
        place = field.name if attempt == 0 else f"{field.name} {attempt}"
        try:
            return field.make(draw(self._number, self._schema.name, place))
        except Exception as error:  # whatever a validator of the user raises, and what polyfactory does not know
            self._reasons[field.name] = f"{type(error).__name__}: {error}".splitlines()[0]
            return None

    def _sorted_out(self, rest: Mapping[str, object]) -> dict[str, object]:
        """What is given for the schema's fields, by their names. Raises `UnknownField`."""
        given: dict[str, object] = {}
        for name, value in rest.items():
            field = self._by_key.get(name)
            if field is None:
                if not isinstance(self._definition.defaults.get(name), Transient):
                    raise _no_field(self._schema, name)
            elif not isinstance(value, Declaration):
                given[field.name] = jsonable(value)
            elif field.name not in self._model.settable:
                raise FieldTypeError(
                    f"{self._schema.name}.{field.name} is given a declaration, {value!r}",
                    why=f"{self._model.name} has no such field, and declarations are made for the model's",
                    do="give a value",
                )
        return given

    def _values_of_model(self, rest: Mapping[str, object], placeholders: bool) -> dict[str, object]:
        model, declared = self._model, self._definition.defaults
        for_model = dict(self._for_model(rest))
        asked = {*declared, *for_model}
        wanted = {
            field.name
            for field in self._schema.fields
            if field.name in model.settable
            and field.name not in self._given
            and (
                field.required
                or field.name in asked
                or (model.settable[field.name].required and field.name not in SERVER_SET)
            )
        }
        return model_values(self._definition, for_model, wanted, self._number, placeholders=placeholders)

    def _for_model(self, rest: Mapping[str, object]) -> Iterator[tuple[str, object]]:
        """What others may be derived from: parameters, and values that the model takes; the schema may take more."""
        for given, value in rest.items():
            name = self._by_key[given].name if given in self._by_key else given
            if name not in self._model.settable:
                if isinstance(self._definition.defaults.get(name), Transient):
                    yield name, value
                continue
            with contextlib.suppress(KitError):
                if not isinstance(value, Declaration):
                    checked_values(self._model, {name: value})
                yield name, value

    def _field_of(self, problem: Problem) -> str | None:
        field = self._by_key.get(str(problem.path[0])) if problem.path else None
        return None if field is None else field.name

    def _mendable(self, problem: Problem) -> SchemaField:
        """The field with the problem, of which another value can be made. Raises `DeclarationError`."""
        name = self._field_of(problem)
        if name is None or name in self._definition.defaults:
            raise self._unmade(problem)
        return next(field for field in self._schema.fields if field.name == name)

    def _unmade(self, problem: Problem) -> DeclarationError:
        name = self._field_of(problem)
        said = "" if is_secret(name or "") else f": {problem.message}"
        if name is None:
            return DeclarationError(
                f"no body that {self._schema.name} accepts can be made{said}",
                why="the rule is about several fields, which are made one by one",
                do=f"give values that go together: payload(schema={self._schema.name}, ...)",
            )
        if name in self._definition.defaults:
            return DeclarationError(
                f"the factory's default for {name} is none that {self._schema.name} accepts{said}",
                do=f"give another: payload(schema={self._schema.name}, {name}=...)",
            )
        reason = None if is_secret(name) else self._reasons.get(name)
        return DeclarationError(
            f"no value for {self._schema.name}.{name} can be made{said}",
            details=[f"the last attempt: {reason}"] if reason else [],
            why="the kit made some by the field's type, and a rule of the schema refused them all",
            do=f"give one: payload(schema={self._schema.name}, {name}=...)",
        )


def _no_field(schema: Schema, name: str) -> UnknownField:
    names = [field.name for field in schema.fields]
    guess = closest_match(name, names)
    return UnknownField(
        f"{schema.name} has no field {name!r}" + (f": did you mean {guess!r}?" if guess else ""),
        why="the body is made by the schema, which would not have it",
        do=f"use one of: {comma_join(names)}",
    )
