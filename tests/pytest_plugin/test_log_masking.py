"""What libraries log is masked where pytest shows it."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kailash_testkit import http_library
from kailash_testkit.pytest_plugin.log_masking import mask_logs


@pytest.mark.parametrize("library", http_library.NAMES)
def test_a_secret_in_a_url_that_httpx_or_httpx2_logs_is_masked(library: str) -> None:
    handler = logging.Handler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    plugins = SimpleNamespace(get_plugin=lambda name: SimpleNamespace(report_handler=handler))
    config: Any = SimpleNamespace(pluginmanager=plugins)
    mask_logs(config)
    url = http_library.URL("http://prices.test/login?code=4uth0rised&state=open")
    place = f"/usr/lib/python3/site-packages/{library}/_client.py"
    record = logging.LogRecord(library, logging.INFO, place, 1, "HTTP Request: %s %s", ("GET", url), None)
    assert handler.format(record) == "HTTP Request: GET http://prices.test/login?code=***&state=open"


def test_a_log_of_the_users_is_the_users(tmp_path: Path) -> None:
    handler = logging.Handler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    config: Any = SimpleNamespace(
        pluginmanager=SimpleNamespace(get_plugin=lambda name: SimpleNamespace(report_handler=handler))
    )
    mask_logs(config)
    told = "no way to postgresql://ada:hunter2@db.test/shop"
    library = str(Path(logging.__file__).with_name("library.py"))
    for place, shown in ((str(tmp_path / "app.py"), told), (library, told.replace("hunter2", "***"))):
        assert handler.format(logging.LogRecord("shop", logging.INFO, place, 1, told, None, None)) == shown
