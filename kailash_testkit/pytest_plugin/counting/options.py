"""The settings for statements: of the project, and of a test by its marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

import pytest

from kailash_testkit.errors import ConfigurationError

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit
    from kailash_testkit.queries.repeats import Mode

MODE: Final = "testkit_n_plus_one"
TIMES: Final = "testkit_n_plus_one_times"
ALLOW: Final = "testkit_n_plus_one_allow"
CHECK: Final = "n-plus-one"
_DEFAULT_TIMES: Final = "3"


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini(
        MODE,
        "requests that run the same statement again and again with other values (N+1): 'report', 'error' or 'off'",
        default="report",
    )
    parser.addini(TIMES, "how often that is allowed in one request", default=_DEFAULT_TIMES)
    parser.addini(
        ALLOW,
        "routes and models for which it is right, a line each: 'POST /orders/batch, AuditEntry'",
        type="linelist",
        default=[],
    )


@dataclass(frozen=True)
class CountingSettings:
    """mode: what is done about N+1. times: how often is allowed. allow: lines with routes and models."""

    mode: Mode
    times: int
    allow: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: pytest.Config) -> CountingSettings:
        """Those of a session. Raises `ConfigurationError`."""
        times: str = config.getini(TIMES)
        if not times.isdigit() or times == "0":
            raise ConfigurationError(f"{TIMES} = {times!r}", do="write a number from 1 on, such as 5")
        return cls(_mode(config.getini(MODE), MODE), int(times), tuple(config.getini(ALLOW)))

    def for_test(self, item: pytest.Item) -> CountingSettings:
        """Those of a test: ``@pytest.mark.testkit(n_plus_one="error", n_plus_one_allow="GET /report")``."""
        settings = self
        for marker in reversed([*item.iter_markers("testkit")]):
            if "n_plus_one" in marker.kwargs:
                settings = replace(settings, mode=_mode(marker.kwargs["n_plus_one"], "the marker's n_plus_one"))
            given: str | Sequence[str] = marker.kwargs.get("n_plus_one_allow", ())
            settings = replace(settings, allow=(*settings.allow, *([given] if isinstance(given, str) else given)))
        return settings

    def apply_to(self, kit: Kit) -> None:
        """Lets a kit's log go by them from now on, and forget what it has."""
        from kailash_testkit.judge.allowances import Allowance, Allowances
        from kailash_testkit.judge.cases import route_of

        subjects = [subject.strip() for line in self.allow for subject in line.split(",") if subject.strip()]
        allowances = Allowances(Allowance(CHECK, subject) for subject in subjects)
        repeats = kit.repeats
        if self.mode == "off":
            repeats.stop()
        repeats.clear()
        repeats.mode, repeats.most = self.mode, self.times
        repeats.allows = lambda request, model: allowances.leave_out(CHECK, route_of(request), [model])
        repeats.start()


def most_queries(item: pytest.Item) -> int | None:
    """How many statements a test may run: ``@pytest.mark.testkit(queries=20)``. Raises `ConfigurationError`."""
    marker = next((each for each in item.iter_markers("testkit") if "queries" in each.kwargs), None)
    if marker is None:
        return None
    from kailash_testkit.queries.block import refuse_number

    most: object = marker.kwargs["queries"]
    refuse_number(most, "the marker's queries")
    return cast("int", most)


def _mode(given: object, where: str) -> Mode:
    if given not in ("report", "error", "off"):
        raise ConfigurationError(f"{where} = {given!r}", do="use 'report', 'error' or 'off'")
    return given
