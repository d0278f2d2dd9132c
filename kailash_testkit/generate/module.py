"""The text of the generated module."""

from __future__ import annotations

import builtins
import inspect
import keyword
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from kailash_testkit.generate.imports import FACTORIES, Namespace
from kailash_testkit.generate.layout import INDENT, Type, assigned, call, docstring, value
from kailash_testkit.generate.names import Names, choose_names
from kailash_testkit.generate.parameters import Parameters
from kailash_testkit.generate.types import OF_TEXT, ORDERED, Compared, Types, home_of
from kailash_testkit.models import Model, read_model
from kailash_testkit.models.model import TOMBSTONE
from kailash_testkit.models.moments import Moments

MARKER: Final = "kailash-testkit generate"
"""Stands in every generated file; a file without it is not overwritten."""

_ROW_METHODS: Final = frozenset({"as_dict", "as_json", "decoded", "matches"})
_ARGUMENTS: Final = frozenset({"order_by", "include_deleted"})
_LONGEST_TYPE: Final = 40


def generate_module(
    dataflow: Any,
    target: str,
    *,
    only: Sequence[str] = (),
    line_length: int = 88,
    parameters: Parameters = MappingProxyType({}),
    factories: Sequence[str] = (),
) -> str:
    """The source of the typed factories for the models that ``dataflow`` has registered.

    target: where the DataFlow lives, for the header. only: names of models; by default all of them.
    parameters: keywords beside the fields, by model; factories: the modules that they come from, for the header.
    Raises `UnknownModel`.
    """
    registered = sorted(dataflow.get_models())
    names, notes = choose_names(registered)  # of all, so that a module of a few has the same names
    chosen = sorted(set(only)) or registered
    models = [read_model(dataflow, name) for name in chosen]
    classes = {model.name: dataflow.get_model_info(model.name)["class"] for model in models}
    notes = [note for note in notes if note.partition(":")[0] in chosen]
    command = " ".join([target, *(f"--factories {module}" for module in factories)])
    return _Module(models, classes, names, notes, line_length, parameters).text(target, command)


@dataclass(frozen=True)
class _Column:
    """A column of a model: its types in a row, in what is given, and in a filter; None where it is not."""

    name: str
    held: Type
    taken: Type | None
    filtered: Type


class _Module:
    def __init__(
        self,
        models: Sequence[Model],
        classes: Mapping[str, type],
        names: Mapping[str, Names],
        notes: list[str],
        line_length: int,
        parameters: Parameters,
    ) -> None:
        fields = {column for model in models for column in model.columns}
        fields |= {name for model in models for name in parameters.get(model.name, {})}
        defined = {name for model in models for name in names[model.name].all}
        self._namespace = Namespace(fields | defined | set(keyword.kwlist))
        self._types = Types(self._namespace, _LONGEST_TYPE, list(classes.values()))
        self._models, self._classes, self._names = models, classes, names
        self._notes = notes
        self._parameters = parameters
        self._width = line_length

    def text(self, target: str, command: str) -> str:
        blocks = [block for model in self._models for block in self._model(model)]
        aliases = self._aliases()
        operators = [self._operators(name, *of) for name, of in sorted(self._types.operators.items())]
        # Without `annotations` of __future__: a TypedDict would compile the text of each annotation again.
        head = "\n\n".join([self._header(target, command), *self._namespace.statements(self._width)])
        if aliases:
            head += "\n\n" + aliases
        if operators:
            head += "\n\n" + "\n".join(operators)
        return "\n\n\n".join([head, *blocks]) + "\n"

    def _header(self, target: str, command: str) -> str:
        notes = sorted({*self._notes, *self._types.notes})
        return docstring(
            [
                f"Typed factories of the models of {target}.",
                f"Written by `{MARKER} {command}`. What is changed here is lost with the next run: extend it in a "
                "module of your own, where `orders.using(...)` or a subclass of `OrderFactory` keeps all types.",
                *(["\n".join(["Worth knowing:", *(f"- {note}" for note in notes)])] if notes else []),
            ],
            self._width,
        )

    # --- what stands above the models -----------------------------------------------------------

    def _aliases(self) -> str:
        lines: list[str] = []
        alias = self._namespace.typing("TypeAlias") if self._types.aliases else ""
        for name, kind in sorted(self._types.aliases.items()):
            lines += self._assigned(f"{name}: {alias} = ", kind)
        return "\n".join(lines)

    def _operators(self, name: str, operand: Type, compared: Compared) -> str:
        options = f"{self._namespace.use(FACTORIES, 'Options')}[{operand} | None]"
        kinds = {"$eq": f"{operand} | None", "$ne": f"{operand} | None", "$in": options, "$nin": options}
        if compared == "text":
            kinds |= dict.fromkeys(OF_TEXT, self._namespace.use(builtins.__name__, "str"))
        if compared != "json":
            kinds |= dict.fromkeys(ORDERED, str(operand))
            kinds["$between"] = f"{self._namespace.use(FACTORIES, 'Options')}[{operand}]"
        kinds["$null"] = self._namespace.use(builtins.__name__, "bool")
        lines = [f"{name} = {self._namespace.typing('TypedDict')}(", f'    "{name}",', "    {"]
        lines += [f'        "{operator}": {kind},' for operator, kind in sorted(kinds.items())]
        return "\n".join([*lines, "    },", "    total=False,", ")"])

    # --- one model -------------------------------------------------------------------------------

    def _model(self, model: Model) -> Iterable[str]:
        names = self._names[model.name]
        columns = list(self._columns(model))
        typed_dict = f"({self._namespace.typing('TypedDict')}, total=False)"
        given = [(each.name, each.taken) for each in columns if each.taken is not None]
        given += self._keywords(model)
        filters = [(each.name, each.filtered) for each in columns if each.name not in _ARGUMENTS]
        anything = Type(self._namespace.use(builtins.__name__, "object"))
        yield self._class(
            f"{names.of('Fields')}{typed_dict}", f"Values that a new row of {model.name} is given.", given
        )
        yield self._class(f"{names.of('Filter')}{typed_dict}", f"Conditions on rows of {model.name}.", filters)
        expected = [(each.name, anything) for each in columns]
        doc = f"Values expected of a row of {model.name}, or matchers."
        yield self._class(f"{names.of('Expected')}{typed_dict}", doc, expected)
        yield self._literals(names, [each.name for each in columns])
        yield self._row(model, names, columns)
        yield self._factory(model, names)
        lines = [f"{names.handle} = {names.of('Factory')}()"]
        for name, method in ((names.create, "create"), (names.create_many, "create_many"), (names.build, "build")):
            lines += value(f"{name} = ", f"{names.handle}.{method}", self._width)
        yield "\n".join(lines)

    def _keywords(self, model: Model) -> Iterable[tuple[str, Type]]:
        """The traits and transient parameters of the model's factories."""
        for name, kind in sorted(self._parameters.get(model.name, {}).items()):
            if name not in model.columns and name.isidentifier() and not keyword.iskeyword(name):
                any_type = kind == "Any"
                yield name, Type(self._namespace.typing(kind) if any_type else self._namespace.use("builtins", kind))

    def _columns(self, model: Model) -> Iterable[_Column]:
        for name, annotation in model.columns.items():
            where = f"{model.name}.{name}"
            if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
                self._types.notes.append(f"{where}: left out, because it cannot be a keyword argument.")
                continue
            if name in _ROW_METHODS:
                self._types.notes.append(f'{where}: read it as row["{name}"], because rows have a method {name}.')
            if name in _ARGUMENTS:
                self._types.notes.append(f"{where}: no filter, because rows() has an argument {name}.")
            field = model.fields.get(name)
            taken = None
            if name in model.times:
                taken = self._types.taken(Moments.datetime, where, nullable=name == TOMBSTONE)
            elif field is not None:
                taken = self._types.taken(annotation, where, nullable=field.nullable)
            held = self._types.held(annotation, where)
            yield _Column(name, held, taken, self._types.filtered(annotation, where))

    def _literals(self, names: Names, columns: list[str]) -> str:
        alias, literal = self._namespace.typing("TypeAlias"), self._namespace.typing("Literal")
        sorting = [f"{sign}{column}" for column in columns for sign in ("", "-")]
        lines: list[str] = []
        for kind, options in (("Column", columns), ("Sorting", sorting)):
            value = Type(literal, tuple(Type(f'"{option}"') for option in options))
            lines += self._assigned(f"{names.of(kind)}: {alias} = ", value)
        return "\n".join(lines)

    def _row(self, model: Model, names: Names, columns: list[_Column]) -> str:
        base = self._namespace.use(FACTORIES, "TypedRow")
        held = [(each.name, each.held) for each in columns if each.name not in _ROW_METHODS]
        text = self._class(f"{names.of('Row')}({base})", f"A stored row of {model.name}.", held)
        any_type, boolean = self._namespace.typing("Any"), self._namespace.use(builtins.__name__, "bool")
        unpacked = f"**expected: {self._namespace.typing('Unpack')}[{names.of('Expected')}]"
        item = [f"name: {names.of('Column')}", "/"]
        lines = [f"{INDENT}if {self._namespace.typing('TYPE_CHECKING')}:", ""]
        lines += call("def __getitem__", ["self", *item], f" -> {any_type}: ...", self._width, depth=2)
        lines += call("def matches", ["self", "/", unpacked], f" -> {boolean}: ...", self._width, depth=2)
        return "\n".join([text, "", *lines])

    def _factory(self, model: Model, names: Names) -> str:
        row, row_id = names.of("Row"), self._types.held(model.columns["id"], f"{model.name}.id")
        base = f"{self._namespace.use(FACTORIES, 'TypedFactory')}[{row}, {row_id}]"
        arguments = [base, f"model={self._reference(model)}", f"row={row}"]
        lines = call(f"class {names.of('Factory')}", arguments, ":", self._width)
        lines += [f'{INDENT}"""Makes rows of {model.name}, and is the handle on them."""', ""]
        lines += [f"{INDENT}if {self._namespace.typing('TYPE_CHECKING')}:", ""]
        for name, given, result in self._signatures(model, str(row_id)):
            lines += call(f"def {name}", ["self", *given], f" -> {result}: ...", self._width, depth=2)
        return "\n".join(lines)

    def _reference(self, model: Model) -> str:
        """The model's class where it can be imported; its name for a model that a function registers."""
        found = self._classes[model.name]
        home = home_of(found) if inspect.isclass(found) else None
        if home is None or "." in home[1]:
            self._types.notes.append(f"{model.name}: found by its name, because its class cannot be imported.")
            return f'"{model.name}"'
        return self._namespace.use(*home)

    def _signatures(self, model: Model, row_id: str) -> Iterable[tuple[str, list[str], str]]:
        """Name, arguments and result of each method, its twin for synchronous code after it."""
        module, names = self._namespace, self._names[model.name]
        dataflow = "dataflow_" if "dataflow" in model.columns else "dataflow"  # pyright minds, though positional
        builtin = {name: module.use(builtins.__name__, name) for name in ("int", "bool", "list", "dict", "str", "type")}
        unpack = module.typing("Unpack")
        fields, filters = f"{unpack}[{names.of('Fields')}]", f"{unpack}[{names.of('Filter')}]"
        expected, row = f"{unpack}[{names.of('Expected')}]", names.of("Row")
        pending, expectation = module.use(FACTORIES, "Pending"), module.use(FACTORIES, "Expectation")
        many = f"{builtin['list']}[{row}]"
        each = f"{builtin['int']} | {module.use('collections.abc', 'Iterable')}[{names.of('Fields')}]"
        values, any_type = f"{builtin['dict']}[{builtin['str']}, {module.typing('Any')}]", module.typing("Any")
        self_type, given = module.typing("Self"), ["/", f"**fields: {fields}"]
        deleted, by = f"include_deleted: {builtin['bool']} = False", module.use(FACTORIES, "OrderBy")
        order, last = f"order_by: {by}[{names.of('Sorting')}] = None", f"**filters: {filters}"
        only, ordered = ["/", "*", deleted, last], ["/", "*", order, deleted, last]
        page = [("limit", f"{builtin['int']} | None = None"), ("offset", f"{builtin['int']} = 0")]
        paging = [f"{name}: {kind}" for name, kind in page if name not in model.columns]  # else a condition
        listing = ["/", "*", order, *paging, deleted, last]
        yield "__init__", [f"{dataflow}: {any_type} = None", "/", f"**defaults: {fields}"], "None"
        yield "using", ["/", f"**defaults: {fields}"], self_type
        change = f"change: {module.use('collections.abc', 'Callable')}[[{self_type}], {self_type}] | None = None"
        yield "trait", [f"name: {builtin['str']}", change, "/", f"**values: {fields}"], self_type
        yield "build", given, values
        yield "build_many", [f"rows: {each}", *given], f"{builtin['list']}[{values}]"
        schema = f"schema: {builtin['type']}[{any_type}]"
        by_schema = ["/", "*", f"{schema} | None = None", *given[1:]] if "schema" not in model.columns else given
        yield "payload", by_schema, values
        invalid = f"{builtin['list']}[{module.use(FACTORIES, 'InvalidPayload')}]"
        yield "invalid_payloads", ["/", "*", schema, *given[1:]] if "schema" not in model.columns else given, invalid
        yield "created", ["/", f"**expected: {expected}"], expectation
        yield "updated", [f"row_id: {row_id}", "/", f"**expected: {expected}"], expectation
        for name, arguments, result in (
            ("create", given, row),
            ("create_many", [f"rows: {each}", *given], many),
            ("get_or_create", ["/", f"*by: {names.of('Column')}", f"**fields: {fields}"], row),
            ("find", only, f"{row} | None"),
            ("rows", listing, many),
            ("first", ordered, f"{row} | None"),
            ("last", ordered, f"{row} | None"),
            ("count", only, builtin["int"]),
            ("exists", only, builtin["bool"]),
            ("update", [f"row_id: {row_id}", *given], row),
        ):
            yield name, arguments, f"{pending}[{result}]"
            yield f"{name}_sync", arguments, result

    def _class(self, head: str, doc: str, fields: Iterable[tuple[str, Type]]) -> str:
        body = [line for name, kind in fields for line in self._assigned(f"{name}: ", kind, depth=1)]
        return "\n".join([f"class {head}:", f'{INDENT}"""{doc}"""', *(["", *body] if body else [])])

    def _assigned(self, start: str, kind: Type, *, depth: int = 0) -> list[str]:
        lines = assigned(start, kind, "?", self._width, depth=depth)
        if any("?" in line for line in lines):
            lines = assigned(start, kind, self._namespace.typing("Union"), self._width, depth=depth)
        return lines
