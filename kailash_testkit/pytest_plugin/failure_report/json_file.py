"""``--testkit-report=PATH``: the facts of all failed tests as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from kailash_testkit.pytest_plugin.failure_report.facts import Facts

_VERSION: Final = 1


def json_text(failures: Sequence[Facts]) -> str:
    """The content of the file."""
    return json.dumps({"version": _VERSION, "failures": failures}, indent=2, ensure_ascii=False) + "\n"
