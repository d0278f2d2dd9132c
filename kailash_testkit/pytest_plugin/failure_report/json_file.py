"""``--testkit-report=PATH``: the facts of all failed tests, and the findings of the judge, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from kailash_testkit.judge.findings import Finding
from kailash_testkit.pytest_plugin.failure_report.facts import Facts

_VERSION: Final = 1


def json_text(failures: Sequence[Facts], findings: Sequence[Finding]) -> str:
    """The content of the file. findings: of the judge, in all tests."""
    content = {"version": _VERSION, "failures": failures, "findings": findings}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
