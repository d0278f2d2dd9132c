"""The Faker that polyfactory draws from for the kit: its own, so that nobody else's is seeded, and stable over time."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from faker import Faker
from faker.providers import BaseProvider
from polyfactory.factories import base as polyfactory_base

from kailash_testkit.models.moments import Moments

_FIRST: Final = Moments.datetime(2025, 1, 1)
_SECONDS: Final = 365 * 24 * 60 * 60


class _Moments(BaseProvider):
    """In the place of Faker's, which reckon from now: their moments would differ from run to run."""

    def date_time_between(self, *_: Any, **__: Any) -> datetime:
        return _FIRST + timedelta(seconds=self.random_int(0, _SECONDS))

    def date_this_decade(self, *_: Any, **__: Any) -> date:
        return self.date_time_between().date()

    def time_object(self, *_: Any, **__: Any) -> time:
        return self.date_time_between().time()


@contextlib.contextmanager
def declared_classes() -> Generator[None, None, None]:
    """While freezegun has put its classes into polyfactory, which then does not know what a ``datetime`` is."""
    module: Any = polyfactory_base
    frozen = {name: getattr(module, name) for name in ("datetime", "date")}
    module.datetime, module.date = Moments.datetime, Moments.date
    try:
        yield
    finally:
        module.datetime, module.date = frozen["datetime"], frozen["date"]


def stable_faker() -> Faker:
    """A Faker of its own."""
    faker = Faker()
    faker.add_provider(_Moments)
    return faker
