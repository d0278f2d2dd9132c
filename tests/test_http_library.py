"""Which of httpx and httpx2 the client uses: see `make test-httpx2` for both."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from kailash_testkit import ApiClient, http_library

HAS_HTTPX2 = importlib.util.find_spec("httpx2") is not None
needs_both = pytest.mark.skipif(not HAS_HTTPX2, reason="httpx2 is not installed: make test-httpx2")
ASK = "from kailash_testkit import ApiClient; print(ApiClient.__mro__[1].__module__)"


def library(code: str = ASK, **environment: str) -> str:
    """What a program of its own prints, or the last line of its error."""
    tidy = {name: value for name, value in os.environ.items() if name != http_library.VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**tidy, **environment}, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_httpx2_is_used_where_it_is_installed() -> None:
    assert library() == ("httpx2" if HAS_HTTPX2 else "httpx")


def test_the_variable_names_the_library() -> None:
    assert library(TESTKIT_HTTPX="httpx") == "httpx"
    assert "TESTKIT_HTTPX='requests': use 'httpx' or 'httpx2'" in library(TESTKIT_HTTPX="requests")


@needs_both
def test_an_alias_of_httpx2_is_httpx2() -> None:
    assert library(f"import httpx2; httpx2.alias_httpx(); {ASK}", TESTKIT_HTTPX="httpx") == "httpx2"


def test_only_the_library_in_use_is_imported() -> None:
    other = "; import sys; print(sorted({'httpx', 'httpx2'} & set(sys.modules)))"
    assert library(ASK + other).splitlines()[-1] == str([library()])


def test_the_names_are_those_of_the_library() -> None:
    assert http_library.in_use() in http_library.NAMES
    assert issubclass(ApiClient, http_library.AsyncClient)
    with pytest.raises(AttributeError, match="has no 'NoSuchName'"):
        http_library.NoSuchName  # type: ignore[attr-defined]  # noqa: B018
