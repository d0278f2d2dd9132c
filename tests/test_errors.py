"""The form of every error: what happened, evidence, why, what to do."""

from __future__ import annotations

import inspect
import pickle

import pytest

import kailash_testkit
from kailash_testkit import errors
from kailash_testkit.errors import KitError

ALL_ERRORS = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, BaseException)]


def test_a_message_says_what_evidence_why_and_what_to_do() -> None:
    error = KitError("it broke", details=["one", "two"], why="it was old", do="buy another")
    assert str(error).splitlines() == [
        "it broke",
        "  one",
        "  two",
        "  why: it was old",
        "  do:  buy another",
    ]
    assert (error.what, error.why, error.do) == ("it broke", "it was old", "buy another")


def test_what_alone_is_one_line() -> None:
    assert str(KitError("it broke")) == "it broke"


@pytest.mark.parametrize("error", ALL_ERRORS, ids=lambda error: error.__name__)
def test_every_error_is_a_kit_error_and_says_in_one_sentence_what_it_means(error: type[BaseException]) -> None:
    assert issubclass(error, KitError)
    assert error.__doc__


@pytest.mark.parametrize("name", ["StoredRowMismatch", "RowNotFound", "MultipleRowsFound", "UnexpectedStatus"])
def test_failed_expectations_are_assertion_errors(name: str) -> None:
    assert issubclass(getattr(errors, name), AssertionError)


@pytest.mark.parametrize("name", ["UnknownField", "SeedingFailed", "FieldTypeError", "NoActiveKit", "UnsafeDatabase"])
def test_mistakes_are_no_assertion_errors(name: str) -> None:
    assert not issubclass(getattr(errors, name), AssertionError)


def test_errors_survive_the_way_between_processes() -> None:
    """pytest-xdist and multiprocessing send exceptions by pickle."""
    error = pickle.loads(pickle.dumps(errors.RowNotFound("no row", why="none was made", do="make one")))
    assert isinstance(error, errors.RowNotFound)
    assert str(error) == "no row\n  why: none was made\n  do:  make one"
    assert error.do == "make one"


def test_everything_public_can_be_imported_from_the_package() -> None:
    for name in kailash_testkit.__all__:
        assert getattr(getattr(kailash_testkit, name), "__name__", name) == name
    assert set(dir(kailash_testkit)) >= set(kailash_testkit.__all__)


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Kitt'"):
        _ = kailash_testkit.Kitt  # type: ignore[attr-defined]
