"""Keeps what was found in a file, so that it is tried first the next time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from kailash_testkit.exploration import Fault
from kailash_testkit.explore.calls import Script, from_json
from kailash_testkit.explore.trial import Trial

_VERSION: Final = 1
_MOST: Final = 200


async def again(trial: Trial) -> None:
    """Tries what was found before. A file that is not one of these is as good as none: it is written again."""
    if trial.options.remember is None:
        return
    for script in _scripts(Path(trial.options.remember)):
        if all(call.operation in trial.verdicts.operations for call in script):
            trial.say("trying what was found before")
            await trial.play(script)


def keep(file: Path, faults: Iterable[Fault]) -> None:
    """Writes down what was found; without findings the file is removed."""
    scripts = [[dict(call) for call in fault.script] for fault in faults if fault.script]
    if not scripts:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": _VERSION, "series": scripts[:_MOST]}, indent=1), "utf-8")


def _scripts(file: Path) -> list[Script]:
    try:
        stored: object = json.loads(file.read_text("utf-8"))
        if not isinstance(stored, dict):
            return []
        content = cast("Mapping[str, Any]", stored)
        if content.get("version") != _VERSION:
            return []
        return [tuple(from_json(call) for call in series) for series in content["series"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
