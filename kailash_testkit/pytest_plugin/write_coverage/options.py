"""The settings of write coverage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

OPTION: Final = "--testkit-coverage"
FAIL_UNDER: Final = "testkit_coverage_fail_under"
OMIT: Final = "testkit_coverage_omit"
_FILES: Final = {"html": "testkit-coverage.html", "json": "testkit-coverage.json"}


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini(FAIL_UNDER, "the run fails where its write coverage is less, in percent", default="")
    parser.addini(
        OMIT,
        "what write coverage leaves out, a line each: 'Model' or 'Model.column', with *",
        type="linelist",
        default=[],
    )
    parser.getgroup("kailash-testkit").addoption(
        OPTION,
        nargs="?",
        const="term",
        action="append",
        metavar="FORM",
        help="say what the application wrote and no test looked at; =html, =json and =html:PATH write a file",
    )


@dataclass(frozen=True)
class CoverageSettings:
    """files: what is written, by its form. fail_under: percent, None where nothing fails."""

    is_on: bool
    files: tuple[tuple[str, Path], ...] = ()
    fail_under: float | None = None
    omit: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: pytest.Config) -> CoverageSettings:
        """Those of a session. Raises `pytest.UsageError`."""
        given: list[str] = config.getoption("testkit_coverage", None) or []
        files: list[tuple[str, Path]] = []
        for each in given:
            form, _, path = each.partition(":")
            if form not in ("term", *_FILES) or (path and form == "term"):
                raise pytest.UsageError(
                    f"{OPTION}={each}: use term, html or json; before a file or folder of tests write {OPTION}=term"
                )
            if form in _FILES:
                files.append((form, config.rootpath / (path or _FILES[form])))
        return cls(bool(given), tuple(files), _percent(config.getini(FAIL_UNDER)), tuple(config.getini(OMIT)))


def _percent(text: str) -> float | None:
    if not text:
        return None
    try:
        percent = float(text)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise pytest.UsageError(f"{FAIL_UNDER} = {text!r} is no percentage from 0 to 100")
    return percent
