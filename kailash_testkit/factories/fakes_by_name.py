"""Fakes that the name and the type of a field choose: ``email``, ``billing_phone``, ``iban``; on request only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from kailash_testkit.factories.declarations import Declaration, Maker, Values
from kailash_testkit.factories.fakes import Fake, Library
from kailash_testkit.factories.limits import MOST_CHARACTERS, Limits
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.values import generator
from kailash_testkit.models import Field, Model
from kailash_testkit.models.model import MISSING
from kailash_testkit.models.types import alternatives
from kailash_testkit.store.store import Store

# The words that a field's name is, or ends with; the provider of Faker, and that of mimesis, where there is one.
_TABLE: Final = (
    ("email email_address", "email", "person.email"),
    ("phone phone_number telephone mobile fax", "phone_number", "person.phone_number"),
    ("iban", "iban", ""),
    ("bic swift", "swift", ""),
    ("first_name given_name forename", "first_name", "person.first_name"),
    ("last_name family_name surname", "last_name", "person.last_name"),
    ("full_name", "name", "person.full_name"),
    ("username user_name", "user_name", "person.username"),
    ("job job_title occupation", "job", "person.occupation"),
    ("company company_name", "company", "finance.company"),
    ("street street_address address_line", "street_address", "address.address"),
    ("address", "address", "address.address"),
    ("city town", "city", "address.city"),
    ("postcode postal_code zip zip_code", "postcode", "address.postal_code"),
    ("country", "country", "address.country"),
    ("country_code", "country_code", "address.country_code"),
    ("currency currency_code", "currency_code", "finance.currency_iso_code"),
    ("ip ip_address", "ipv4", "internet.ip_v4"),
    ("url website homepage", "url", "internet.url"),
    ("colour color", "hex_color", "text.hex_color"),
)
_WORDS: Final = {word: (faker, mimesis) for words, faker, mimesis in _TABLE for word in words.split()}
_ARGUMENTS: Final[Mapping[str, Mapping[str, object]]] = {"person.email": {"domains": ["example.com", "example.org"]}}
"""mimesis takes domains in use, at which people read mail."""


@dataclass(frozen=True)
class FakesByName:
    """Makes fakes for the required fields of text whose name says what they hold.

    given: what to use for fields of these names, before the table.
    """

    locale: str | None
    library: Library
    given: Mapping[str, object]

    def __call__(self, store: Store, model: Model, declared: Collection[str]) -> Mapping[str, object]:
        found: dict[str, object] = {}
        for name, field in model.writable.items():
            if name in declared:
                continue
            if name in self.given:
                found[name] = self.given[name]
            elif field.default is MISSING and alternatives(field.annotation) == (str,):
                provider = self._provider(name)
                if provider and not _has_form(field):
                    fake = Fake(provider, self.locale, self.library, (), dict(_ARGUMENTS.get(provider, {})))
                    found[name] = _Short(fake, field)
        return found

    def _provider(self, name: str) -> str:
        parts = name.split("_")
        endings = ("_".join(parts[start:]) for start in range(len(parts)))  # the longest first
        faker, mimesis = next((_WORDS[ending] for ending in endings if ending in _WORDS), ("", ""))
        return faker if self.library == "faker" else mimesis


def _has_form(field: Field) -> bool:
    """Whether more than its greatest length is demanded of a text."""
    limits = Limits.of(field.annotation)
    return limits != Limits(max_length=limits.max_length)


@dataclass(frozen=True)
class _Short(Declaration):
    """A fake as long as the column takes it; a value that the kit makes in place of a longer one."""

    kind: ClassVar[str] = "with_fakes"
    fake: Fake
    field: Field

    def bound(self, model: Model, field: str) -> Maker:
        make, otherwise = self.fake.bound(model, field), generator(model, self.field)
        longest = min(Limits.of(self.field.annotation).max_length or MOST_CHARACTERS, MOST_CHARACTERS)

        def value(number: Number, values: Values) -> object:
            made = str(make(number, values))
            return made if len(made) <= longest else otherwise(number)

        return value
