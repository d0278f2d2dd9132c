"""Each example of a Hypothesis test starts from the state in which the test's fixtures left everything.

Hypothesis calls a test's function once per example, between pytest's set-up and teardown, so that an undo after the
test comes too late. All its ways to run an example (``@given``, ``@example``, stateful tests, a property within a
test) pass one method, which is wrapped here. Hypothesis has no hook for it; `tests/pytest_plugin/test_hypothesis.py`
pins what is relied on (tried with Hypothesis 6.120 to 6.156).
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any, cast

import pytest

_HOME = "hypothesis.core"
_WRAPPED = "StateForActualGivenExecution", "execute_once"


class Examples:
    """Calls ``begin`` before each example, with an object that stands for the run of one property."""

    def __init__(self, begin: Callable[[object], None]) -> None:
        self._begin = begin
        self._undo: Callable[[], None] | None = None

    def watch(self) -> None:
        """Begins to watch once Hypothesis is imported. Idempotent."""
        core = sys.modules.get(_HOME)
        if core is None or self._undo is not None:
            return
        kind = getattr(core, _WRAPPED[0], None)
        inner: Callable[..., Any] | None = getattr(kind, _WRAPPED[1], None)
        if kind is None or inner is None:
            self._undo = lambda: None
            warnings.warn(
                "kailash-testkit cannot take back the rows of single Hypothesis examples: this release of Hypothesis "
                "runs them in another way than those known; call kit.reset() where an example begins",
                stacklevel=2,
            )
            return

        @functools.wraps(inner)
        def execute_once(run: object, /, *arguments: Any, **options: Any) -> Any:
            self._begin(run)
            return inner(run, *arguments, **options)

        setattr(kind, _WRAPPED[1], execute_once)
        self._undo = functools.partial(setattr, kind, _WRAPPED[1], inner)

    def stop(self) -> None:
        """Watches no longer."""
        if self._undo is not None:
            self._undo()
            self._undo = None


def allow_own_fixtures(item: pytest.Item) -> None:
    """Takes the health check for function-scoped fixtures off a test whose only ones are those of the kit.

    The check is for fixtures that are not set up again for each example. The kit's are put back by `Examples`.
    """
    function: Any = getattr(item, "obj", None)
    if not getattr(function, "is_hypothesis_test", False) or not hasattr(function, "hypothesis"):
        return
    hypothesis: Any = sys.modules["hypothesis"]
    function = getattr(function, "__func__", function)
    present = getattr(function, "_hypothesis_internal_use_settings", None) or hypothesis.settings.default
    check = hypothesis.HealthCheck.function_scoped_fixture
    if check in present.suppress_health_check or not _has_only_own_fixtures(item):
        return
    function._hypothesis_internal_use_settings = hypothesis.settings(
        parent=present, suppress_health_check=[*present.suppress_health_check, check]
    )


def _has_only_own_fixtures(item: pytest.Item) -> bool:
    info = cast("Any", item)._fixtureinfo
    narrow = [
        definitions[-1]
        for name in info.argnames
        if (definitions := info.name2fixturedefs.get(name)) and definitions[-1].scope == "function"
    ]
    return bool(narrow) and all(each.func.__module__.startswith("kailash_testkit.") for each in narrow)
