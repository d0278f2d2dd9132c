"""The page of an exploration: what was tried and found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kailash_testkit.exploration import Exploration
from kailash_testkit.explore.checks import CHECKS
from kailash_testkit.pages import rendered

_TEMPLATE: Final = Path(__file__).with_name("page_templates") / "page.html"


def page(exploration: Exploration) -> str:
    """The whole page, in the style of the failure report; no script runs."""
    return rendered(
        _TEMPLATE,
        exploration=exploration,
        statuses=_statuses(exploration),
        models=_models(exploration),
        checks=_checks(exploration),
    )


def _statuses(exploration: Exploration) -> Mapping[int, int]:
    found: Counter[int] = Counter()
    for operation in exploration.operations:
        found.update(operation.statuses)
    return dict(sorted(found.items()))


def _models(exploration: Exploration) -> Mapping[str, list[str]]:
    """By model, the operations that changed its rows."""
    return {
        model: [each.operation for each in exploration.operations if model in each.models]
        for model in sorted(exploration.models)
    }


def _checks(exploration: Exploration) -> list[tuple[str, str, int]]:
    """The checks that were on, what each finds, and how often it did."""
    found = Counter(each.check for each in exploration.findings)
    return [(name, CHECKS[name], found[name]) for name in exploration.checks]
