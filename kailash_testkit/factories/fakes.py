"""`fake`: values that look real, from Faker or mimesis, and are as stable as all others."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Protocol

from kailash_testkit.errors import ConfigurationError, DeclarationError
from kailash_testkit.factories.declarations import Declaration, Maker, Values
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.random_seed import draw
from kailash_testkit.models import Model
from kailash_testkit.text import closest_match, truncate_repr

Library = Literal["faker", "mimesis"]
Provider = str | Callable[[Any], object]


class _Source(Protocol):
    """A library, ready to make values."""

    thing: Any
    """What a function of the user gets: a Faker, or mimesis' Generic."""

    def seed(self, seed: int) -> None: ...
    def provider(self, name: str) -> Callable[..., object]: ...


class _Faker:
    def __init__(self, locale: str | None, providers: Sequence[object]) -> None:
        module = _library("faker", "Faker", "fake")
        try:
            self.thing = module.Faker(locale)
        except AttributeError as error:  # which Faker raises for a locale that it does not have
            raise _no_locale("Faker", locale, str(error), "a locale as Faker has it, such as de_DE") from None
        for provider in providers:
            self.thing.add_provider(provider)

    def seed(self, seed: int) -> None:
        self.thing.seed_instance(seed)

    def provider(self, name: str) -> Callable[..., object]:
        return _attribute(self.thing, name, "Faker", "name, email or street_address")


class _Mimesis:
    def __init__(self, locale: str | None, providers: Sequence[object]) -> None:
        module = _library("mimesis", "mimesis", "mimesis")
        try:
            self.thing = module.Generic(module.Locale(locale or "en"))
        except ValueError as error:
            raise _no_locale("mimesis", locale, str(error), "a locale as mimesis has it, such as de") from None
        if providers:
            self.thing.add_providers(*providers)

    def seed(self, seed: int) -> None:
        self.thing.reseed(seed)

    def provider(self, name: str) -> Callable[..., object]:
        group, dot, method = name.partition(".")
        if not dot:
            raise DeclarationError(
                f"fake({name!r}, library='mimesis') does not say which of its providers has it",
                do="write both, such as person.email or address.city",
            )
        found = getattr(self.thing, group, None) if not group.startswith("_") else None
        if found is None:
            groups = [each for each in dir(self.thing) if not each.startswith("_")]
            raise _no_provider(name, "mimesis", closest_match(group, groups), "person.email or address.city")
        return _attribute(found, method, "mimesis", "person.email or address.city", name)


_SOURCES: Final[dict[Library, Callable[[str | None, Sequence[object]], _Source]]] = {
    "faker": _Faker,
    "mimesis": _Mimesis,
}


@dataclass(frozen=True, repr=False)
class Fake(Declaration):
    """See `fake`."""

    kind: ClassVar[str] = "fake"
    given: Provider
    locale: str | None
    library: Library
    providers: tuple[object, ...]
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        return f"fake({self.given!r})"

    def bound(self, model: Model, field: str) -> Maker:
        source = _source(self.library, self.locale, self.providers)
        given = self.given
        make = source.provider(given) if isinstance(given, str) else functools.partial(given, source.thing)
        unique = any(field in names for names in model.unique)

        def value(number: Number, values: Values) -> object:
            source.seed(draw(number, model.name, field))
            made = make(**self.arguments)
            return _with_number(made, number) if unique and isinstance(made, str) else made

        return value


def fake(
    provider: str | Callable[[Any], object],
    /,
    *,
    locale: str | None = None,
    library: Literal["faker", "mimesis"] = "faker",
    providers: Sequence[Any] = (),
    **arguments: Any,
) -> Any:
    """A value that looks real: ``fake("email")``, ``fake("name", locale="de_DE")``, ``fake("pyint", max_value=9)``.

    provider: a method of Faker; or a function that is given the Faker: ``fake(lambda faker: faker.bothify("??-##"))``.
    library: of mimesis the provider's name comes first: ``fake("person.email", library="mimesis", locale="de")``.
    providers: classes of further providers. arguments: of the provider.

    It takes the extra ``kailash-testkit[fake]``, or ``[mimesis]``. The value depends on the seed, the test and the row,
    and on nothing else, as long as the library's release stays the same. In a field that the model declares unique, a
    text gets the row's number, because these values repeat themselves. Raises `DeclarationError` when a row is made
    and there is no such provider or locale.
    """
    if not isinstance(provider, str) and (isinstance(provider, type) or not callable(provider)):
        raise DeclarationError(
            f"fake({truncate_repr(provider)}) is about no provider",
            do='give the name of one, fake("email"), or a function: fake(lambda faker: faker.bothify("??-##"))',
        )
    if library not in _SOURCES:
        raise DeclarationError(f"fake(..., library={library!r})", do="write 'faker' or 'mimesis'")
    return Fake(provider, locale, library, tuple(providers), arguments)


@functools.cache
def _source(library: Library, locale: str | None, providers: tuple[object, ...]) -> _Source:
    return _SOURCES[library](locale, providers)


def _library(module: str, name: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"fake(...) needs {name}, which is not installed", do=f'pip install "kailash-testkit[{extra}]"'
        ) from None


def _attribute(owner: Any, name: str, library: str, examples: str, shown: str | None = None) -> Callable[..., object]:
    found = None if name.startswith("_") else getattr(owner, name, None)
    if not callable(found):
        guess = closest_match(name, [known for known in dir(owner) if not known.startswith("_")])
        raise _no_provider(shown or name, library, guess, examples)
    made: Callable[..., object] = found
    return made


def _no_provider(name: str, library: str, guess: str | None, examples: str) -> DeclarationError:
    return DeclarationError(
        f"fake({name!r}): {library} has no such provider" + (f": did you mean {guess!r}?" if guess else ""),
        do=f"use one of those that {library} documents, such as {examples}",
    )


def _no_locale(library: str, locale: str | None, reason: str, do: str) -> DeclarationError:
    return DeclarationError(f"fake(..., locale={locale!r}): {library} has no such locale", why=reason, do=f"give {do}")


def _with_number(text: str, number: Number) -> str:
    """The text with the row's number, before the ``@`` of an address of mail."""
    name, at, host = text.partition("@")
    return f"{name}-{number.text}@{host}" if at else f"{text} {number.text}"
