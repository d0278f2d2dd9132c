"""The judge's settings: of the project, and of a test by its marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pytest

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.pytest_plugin.definitions import markers_of

if TYPE_CHECKING:
    from kailash_testkit.judge.allowances import Allowances

Mode = Literal["off", "report", "error"]
_OPTION: Final = "--testkit-judge"
ACCEPT: Final = "--testkit-judge-accept"


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini(
        "testkit_judge",
        "whether what requests answer is held against the rows that they changed: 'off', 'report' or 'error'",
        default="",
    )
    parser.addini(
        "testkit_judge_allow",
        "what the judge leaves out, a line each: 'check', or 'check: POST /route/*, Model, Model.column'",
        type="linelist",
        default=[],
    )
    parser.addini("testkit_judge_baseline", "a file with the judge's findings that are known", default="")
    group = parser.getgroup("kailash-testkit")
    group.addoption(
        _OPTION,
        metavar="MODE",
        help="off, report or error: what becomes of requests whose answer is not what they did to the rows",
    )
    group.addoption(
        ACCEPT, action="store_true", help="write what the judge finds into the file of testkit_judge_baseline"
    )


@dataclass(frozen=True)
class JudgeSettings:
    """mode: what a finding does. allow: lines of what is left out. baseline: a file with what is known."""

    mode: Mode
    allow: tuple[str, ...] = ()
    baseline: Path | None = None
    accepts: bool = False

    @classmethod
    def of(cls, config: pytest.Config) -> JudgeSettings:
        """Those of a session. Raises `ConfigurationError`."""
        baseline: str = config.getini("testkit_judge_baseline")
        option: str | None = config.getoption("testkit_judge", None)
        mode = option or config.getini("testkit_judge") or ("error" if baseline else "report")
        accepts = bool(config.getoption("testkit_judge_accept", default=False))
        if accepts and not baseline:
            raise ConfigurationError(
                f"{ACCEPT}: no file to write to", do="name one: testkit_judge_baseline = tests/judge.json"
            )
        return cls(
            _mode(mode, _OPTION if option else "testkit_judge"),
            tuple(config.getini("testkit_judge_allow")),
            config.rootpath / baseline if baseline else None,
            accepts,
        )

    def for_test(self, item: pytest.Item) -> JudgeSettings:
        """Those of a test: ``@pytest.mark.testkit(judge="error", judge_allow="read-wrote: Visit")``."""
        settings = self
        for marker in reversed(markers_of(item)):
            if "judge" in marker.kwargs:
                settings = replace(settings, mode=_mode(marker.kwargs["judge"], "the marker's judge"))
            given: str | Sequence[str] = marker.kwargs.get("judge_allow", ())
            settings = replace(settings, allow=(*settings.allow, *([given] if isinstance(given, str) else given)))
        return settings

    @property
    def allowances(self) -> Allowances:
        """What the judge leaves out. Raises `ConfigurationError`."""
        from kailash_testkit.judge.allowances import parsed

        return parsed(self.allow, "testkit_judge_allow")


def _mode(given: object, where: str) -> Mode:
    if given not in ("off", "report", "error"):
        raise ConfigurationError(f"{where} = {given!r}", do="use 'off', 'report' or 'error'")
    return given
