"""The baseline: a file with the findings that a project knows already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, cast

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.judge.findings import Finding, Key, key_of
from kailash_testkit.redaction import redact

_VERSION: Final = 1


def read(
    path: Path, setting: str = "testkit_judge_baseline", command: str = "pytest --testkit-judge-accept"
) -> frozenset[Key]:
    """The known findings; none where there is no file. Raises `ConfigurationError` for a file that is no baseline.

    setting, command: what names the file, and what writes it, for messages.
    """
    try:
        content: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError) as error:
        raise _unreadable(path, redact(str(error)).splitlines()[0], setting, command) from None
    known = cast("Mapping[str, object]", content).get("known") if isinstance(content, Mapping) else None
    if not isinstance(known, list):
        raise _unreadable(path, "it has no list 'known'", setting, command)
    try:
        return frozenset(
            (str(each["check"]), str(each["route"]), tuple(map(str, cast("list[object]", each["models"]))))
            for each in cast("list[dict[str, object]]", known)
        )
    except (KeyError, TypeError):
        raise _unreadable(path, "an entry lacks check, route or models", setting, command) from None


def text(findings: Iterable[Finding]) -> str:
    """The content of a baseline that knows these findings, sorted, so that its changes can be read."""
    return text_of(map(key_of, findings))


def text_of(found: Iterable[Key]) -> str:
    """The same of findings by their keys."""
    keys = sorted(set(found))
    known = [{"check": check, "route": route, "models": [*models]} for check, route, models in keys]
    return json.dumps({"version": _VERSION, "known": known}, indent=2, ensure_ascii=False) + "\n"


def _unreadable(path: Path, why: str, setting: str, command: str) -> ConfigurationError:
    return ConfigurationError(f"{setting}: {path} is no baseline", why=why, do=f"write it again: {command}")
