"""Declared types as source code that a strict type checker takes."""

from __future__ import annotations

import builtins
import collections.abc
import enum
import re
import sys
import types
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Union, cast, get_args, get_origin

from kailash_testkit.generate.imports import FACTORIES, Namespace
from kailash_testkit.generate.layout import Type, union
from kailash_testkit.models.types import alternatives, is_nullable, type_name, without_annotated

NONE: Final = Type("None")
_ARITY: Final[dict[object, int]] = {
    dict: 2,
    list: 1,
    set: 1,
    frozenset: 1,
    collections.abc.Mapping: 2,
    collections.abc.MutableMapping: 2,
    collections.abc.Sequence: 1,
    collections.abc.Iterable: 1,
    collections.abc.Collection: 1,
}
_OPERATORS: Final = {"str": "Str", "int": "Int", "float": "Float", "bool": "Bool", "datetime": "Datetime"}
ORDERED: Final = ("$gt", "$gte", "$lt", "$lte")
OF_TEXT: Final = ("$contains", "$startswith", "$endswith", "$iequals", "$icontains", "$istartswith", "$iendswith")
Compared = Literal["json", "text", "ordered"]
"""What may be asked of a column: JSON has no order, and only of texts one may ask what is in them."""


def home_of(thing: Any) -> tuple[str, str] | None:
    """Module and qualified name under which a class (or `NewType`) can be imported; None when it cannot."""
    module = getattr(thing, "__module__", None)
    path = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    if not isinstance(module, str) or not isinstance(path, str) or module == "__main__":
        return None
    public = [part for part in _parents(module) if not any(name.startswith("_") for name in part.split("."))]
    for candidate in [*public, module]:
        if _found(candidate, path) is thing:
            return candidate, path
    return None


def _parents(module: str) -> list[str]:
    """The module, and the packages around it when it is a private one: ``pathlib._local`` is ``pathlib``."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _found(module: str, path: str) -> object:
    found: object = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


@dataclass
class Types:
    """Turns annotations into `Type`, importing what they need; collects what the module must define for it.

    models: the classes of the models, which pyright sees as Any.
    aliases: types that are too long to repeat; operators: filters on a type, by the name of their TypedDict.
    """

    names: Namespace
    longest: int
    models: Collection[object] = ()
    aliases: dict[str, Type] = field(default_factory=dict[str, Type])
    operators: dict[str, tuple[Type, Compared]] = field(default_factory=dict[str, "tuple[Type, Compared]"])
    notes: list[str] = field(default_factory=list[str])
    _known: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    # --- what a column holds, what may be given for it ------------------------------------------

    def held(self, annotation: object, where: str) -> Type:
        """The type of a stored value, as the model declares it."""
        return self._short(self._of(annotation, where), where)

    def taken(self, annotation: object, where: str, *, nullable: bool) -> Type:
        """The type of a value that may be given: for an Enum also the values of its members."""
        members = [self._given(member, where) for member in alternatives(annotation)]
        return self._short(union(*members, *([NONE] if nullable else [])), where)

    def filtered(self, annotation: object, where: str) -> Type:
        """The type of a condition: a value, or a mapping of operators."""
        kinds = alternatives(annotation)
        value = self.taken(annotation, where, nullable=is_nullable(annotation) and Any not in kinds)
        if self._is_any(value):
            return value
        given = self._short(union(*(self._given(kind, where) for kind in kinds)), where)
        if (
            any(kind is dict for kind in kinds)
            or str(given) == f"{self._builtin('dict')}[{self._builtin('str')}, {self._any()}]"
        ):
            return value  # a dict with operators is one of these, too
        json = any(kind is list or hasattr(kind, "__origin__") for kind in kinds)
        compared: Compared = "json" if json else "text" if str in kinds else "ordered"
        operators = Type(self._operators(given, compared))
        return union(given, operators, *([NONE] if is_nullable(annotation) else []))

    def _given(self, annotation: Any, where: str) -> Type:
        given = self._of(annotation, where)
        if not (isinstance(annotation, type) and issubclass(annotation, enum.Enum)):
            return given
        values = [member.value for member in annotation]
        literal = all(type(value) in (str, int, bool) for value in values)
        if self._is_any(given) or not values or not literal or issubclass(annotation, enum.Flag):
            return given
        options = Type(self.names.typing("Literal"), tuple(Type(_literal(value)) for value in values))
        return Type(self._alias(("like", str(given)), f"{annotation.__name__}Like", union(given, options)))

    # --- annotations ------------------------------------------------------------------------------

    def _of(self, annotation: object, where: str) -> Type:
        annotation = without_annotated(annotation)
        if annotation is None or annotation is type(None):
            return NONE
        if annotation is Any:
            return Type(self._any())
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin in (Union, types.UnionType):
            return self._union([self._of(argument, where) for argument in arguments])
        if origin is Literal:
            return self._literals(arguments, where)
        if origin is not None:
            return self._generic(annotation, where)
        return self._class(annotation, where)

    def _union(self, members: list[Type]) -> Type:
        return Type(self._any()) if any(map(self._is_any, members)) else union(*members)

    def _literals(self, options: tuple[object, ...], where: str) -> Type:
        parts: list[Type] = []
        for option in options:
            if isinstance(option, enum.Enum):
                owner = self._of(type(option), where)
                if self._is_any(owner):
                    return owner
                parts.append(Type(f"{owner}.{option.name}"))
            else:
                parts.append(Type(_literal(option)))
        return Type(self.names.typing("Literal"), tuple(parts))

    def _generic(self, annotation: object, where: str) -> Type:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if any(isinstance(argument, (list, tuple)) for argument in arguments):  # Callable[[int], str]
            return self._unknown(annotation, where)
        head = self._imported(origin)
        if head is None:
            return self._unknown(annotation, where)
        if not arguments:
            return Type(head, (Type("()"),)) if origin is tuple else Type(head)
        return Type(head, tuple(Type("...") if each is ... else self._of(each, where) for each in arguments))

    def _class(self, annotation: object, where: str) -> Type:
        name = self._imported(annotation)
        if name is None:
            return self._unknown(annotation, where)
        if annotation is tuple:
            return Type(name, (Type(self._any()), Type("...")))
        parameters: tuple[object, ...] = getattr(annotation, "__parameters__", ())
        if _ARITY.get(annotation) == 2:
            return Type(name, (Type(self._builtin("str")), Type(self._any())))
        return Type(name, (Type(self._any()),) * _ARITY.get(annotation, len(parameters)))

    def _imported(self, thing: object) -> str | None:
        if getattr(thing, "__module__", None) == "typing" and not isinstance(thing, type):
            return None
        home = home_of(thing)
        if home is None:
            return None
        module, path = home
        top, _, rest = path.partition(".")
        name = self.names.use(module, top)
        if rest and _found(module, top) in self.models:
            self.notes.append(
                f"{path}: pyright takes any value, because DataFlow's decorator makes {top} Any; mypy does not."
            )
        return f"{name}.{rest}" if rest else name

    def _unknown(self, annotation: object, where: str) -> Type:
        note = f"{where}: Any, because {type_name(annotation)} cannot be imported."
        if note not in self.notes:
            self.notes.append(note)
        return Type(self._any())

    # --- names -------------------------------------------------------------------------------------

    def _any(self) -> str:
        return self.names.typing("Any")

    def _is_any(self, one: Type) -> bool:
        return str(one) == "Any" or str(one) == self._any()

    def _builtin(self, name: str) -> str:
        return self.names.use(builtins.__name__, name)

    def _short(self, one: Type, where: str) -> Type:
        """The type, or an alias for one that would not fit into a line."""
        if len(str(one)) <= self.longest:
            return one
        without_none = tuple(member for member in one.args if member != NONE) if one.head == "|" else (one,)
        rest = union(*without_none)
        name = self._alias(("long", str(rest)), _identifier(where), rest)
        return union(Type(name), NONE) if rest != one else Type(name)

    def _alias(self, key: tuple[str, str], preferred: str, one: Type) -> str:
        if key not in self._known:
            self._known[key] = self.names.define(preferred)
            self.aliases[self._known[key]] = one
        return self._known[key]

    def _operators(self, value: Type, compared: Compared) -> str:
        builtin = _OPERATORS.get(str(value)) if compared != "json" else None
        if builtin is not None:
            return self.names.use(FACTORIES, f"{builtin}Operators")
        key = (f"{compared} operators", str(value))
        if key not in self._known:
            words = re.findall(r"[A-Za-z0-9]+", str(value).replace(" | ", " Or ").replace("[", " Of "))
            stem = "".join(word[:1].upper() + word[1:] for word in words).removesuffix("Like")
            self._known[key] = self.names.define(f"{stem}Operators")
            self.operators[self._known[key]] = (value, compared)
        return self._known[key]


def _literal(value: object) -> str:
    """``repr`` with the quotes that a formatter would choose."""
    text = repr(value)
    if isinstance(value, str) and text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _identifier(where: str) -> str:
    """``Order.note`` as the name of a type: ``OrderNote``."""
    words = re.findall(r"[A-Za-z0-9]+", where)
    return "".join(cast("str", word[:1]).upper() + word[1:] for word in words)
