"""`fake`: values that look real, from Faker, and are as stable as all others."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from typing import Any, ClassVar

from kailash_testkit.errors import ConfigurationError, DeclarationError
from kailash_testkit.factories.declarations import Declaration, Maker, Values
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.random_seed import draw
from kailash_testkit.models import Model
from kailash_testkit.text import closest_match


@dataclass(frozen=True, repr=False)
class _Fake(Declaration):
    kind: ClassVar[str] = "fake"
    provider: str
    locale: str | None
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        return f"fake({self.provider!r})"

    def bound(self, model: Model, field: str) -> Maker:
        faker = _faker(self.locale)
        make = _provider(faker, self.provider)
        unique = any(field in names for names in model.unique)

        def value(number: Number, values: Values) -> object:
            faker.seed_instance(draw(number, model.name, field))
            made = make(**self.arguments)
            return _with_number(made, number) if unique and isinstance(made, str) else made

        return value


def fake(provider: str, /, *, locale: str | None = None, **arguments: Any) -> Any:
    """A value that looks real: ``fake("email")``, ``fake("name", locale="de_DE")``, ``fake("pyint", max_value=9)``.

    provider: a method of Faker. It takes the extra ``kailash-testkit[fake]``. The value depends on the seed, the
    test and the row, and on nothing else, as long as Faker's release stays the same. In a field that the model
    declares unique, a text gets the row's number, because Faker's repeat themselves.
    """
    return _Fake(provider, locale, arguments)


@functools.cache
def _faker(locale: str | None) -> Any:
    try:
        module = importlib.import_module("faker")
    except ModuleNotFoundError:
        raise ConfigurationError(
            "fake(...) needs Faker, which is not installed", do='pip install "kailash-testkit[fake]"'
        ) from None
    return module.Faker(locale)


def _provider(faker: Any, name: str) -> Any:
    found = None if name.startswith("_") else getattr(faker, name, None)
    if not callable(found):
        guess = closest_match(name, [known for known in dir(faker) if not known.startswith("_")])
        raise DeclarationError(
            f"fake({name!r}): Faker has no such provider" + (f": did you mean {guess!r}?" if guess else ""),
            do="use one of those that Faker documents, such as name, email or street_address",
        )
    return found


def _with_number(text: str, number: Number) -> str:
    """The text with the row's number, before the ``@`` of an address of mail."""
    name, at, host = text.partition("@")
    return f"{name}-{number.text}@{host}" if at else f"{text} {number.text}"
