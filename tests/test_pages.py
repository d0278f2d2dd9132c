"""What pages of HTML have in common."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.pages import rendered, require_jinja


def test_without_the_extra_the_option_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    absent: Any = None
    monkeypatch.setitem(sys.modules, "jinja2", absent)
    with pytest.raises(ConfigurationError, match="--html needs Jinja2, which is not installed") as raised:
        require_jinja("--html")
    assert "pip install 'kailash-testkit[html]'" in str(raised.value)


def test_texts_are_escaped_and_only_the_own_script_may_run(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ policy }}|{{ text }}|{{ script }}")
    (tmp_path / "script.js").write_text("if (1 < 2) {}")

    policy, text, script = rendered(tmp_path / "page.html", tmp_path / "script.js", text="<b>\0</b>").split("|")
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in policy
    assert "script-src &#39;sha256-" in policy
    assert text == "&lt;b&gt;\N{REPLACEMENT CHARACTER}&lt;/b&gt;"
    assert script == "if (1 < 2) {}"
    assert "script-src" not in rendered(tmp_path / "page.html", text="", script="")
