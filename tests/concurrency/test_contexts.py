"""The context of an application has what imports set, and nothing of a test."""

from __future__ import annotations

import contextvars
import decimal
from collections.abc import Iterator

import pytest

from kailash_testkit.concurrency import contexts

region: contextvars.ContextVar[str] = contextvars.ContextVar("region", default="unset")


@pytest.fixture(autouse=True)
def nobody_says_what_was_imported() -> Iterator[None]:
    before = contexts.set_imports(None)
    yield
    contexts.set_imports(before)


def in_a_context_of_its_own(function):
    return contextvars.Context().run(function)


def seen(context: contextvars.Context) -> tuple[str, int]:
    return context.run(lambda: (region.get(), decimal.getcontext().prec))


def test_where_nobody_says_what_was_imported_all_that_is_set_counts() -> None:
    @in_a_context_of_its_own
    def script() -> None:
        region.set("eu")
        decimal.getcontext().prec = 6
        context = contexts.of_application()
        decimal.getcontext().prec = 7
        assert seen(context) == ("eu", 6)


def test_what_is_set_after_the_imports_does_not_count() -> None:
    @in_a_context_of_its_own
    def session() -> None:
        region.set("eu")
        decimal.getcontext().prec = 6
        contexts.set_imports(contextvars.copy_context())
        first = contexts.of_application()
        region.set("test")
        assert seen(first) == seen(contexts.of_application()) == ("eu", 6)


def test_what_a_late_import_sets_counts_and_nothing_else() -> None:
    other: contextvars.ContextVar[str] = contextvars.ContextVar("other", default="unset")

    @in_a_context_of_its_own
    def session() -> None:
        decimal.getcontext()
        contexts.set_imports(contextvars.copy_context())
        other.set("test")
        with contexts.importing():
            region.set("eu")
            decimal.getcontext().prec = 6  # in place
        context = contexts.of_application()
        assert (seen(context), context.run(other.get)) == (("eu", 6), "unset")
        assert seen(contextvars.copy_context()) == ("eu", 6)


def test_applications_and_tests_do_not_share_a_decimal_context() -> None:
    @in_a_context_of_its_own
    def session() -> None:
        decimal.getcontext().prec = 6
        contexts.set_imports(contextvars.copy_context())
        one, other = contexts.of_application(), contexts.of_application()
        one.run(setattr, one.run(decimal.getcontext), "prec", 9)
        assert (seen(one)[1], seen(other)[1], decimal.getcontext().prec) == (9, 6, 6)


def test_an_untouched_decimal_context_is_each_requests_own() -> None:
    @in_a_context_of_its_own
    def session() -> None:
        decimal.getcontext()
        context = contexts.of_application()
        request = context.copy()
        request.run(setattr, request.run(decimal.getcontext), "prec", 9)
        assert seen(context.copy())[1] == 28
