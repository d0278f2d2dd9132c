"""What libraries log while a test runs, as pytest shows it: without secrets.

DataFlow's nodes and the database's driver log what they are given at ``DEBUG``, and httpx and httpx2 each URL at
``INFO``. Only the lines that pytest writes are changed (reports, live log, ``--log-file``); ``caplog`` has every record
as it was. What the project's own code logs is shown as it is.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from kailash_testkit import http_library, redaction
from kailash_testkit.importer import is_the_users

_HANDLERS: Final = ("report_handler", "log_cli_handler", "log_file_handler")
# Values of statements, which have numbers and no names: "..., {'p0': 'a', 'p1': 4}".
_BOUND: Final = re.compile(r"""(?P<head>'p\d+': )[bru]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""")


def mask_logs(config: pytest.Config) -> None:
    """Lets pytest's handlers mask, unless ``testkit_redact = off``."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    if not redaction.is_enabled() or plugin is None:
        return
    for name in _HANDLERS:
        handler: logging.Handler | None = getattr(plugin, name, None)
        if handler is not None:
            handler.setFormatter(_Masking(handler.formatter or logging.Formatter()))


class _Masking(logging.Formatter):
    """A formatter around another one."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._formatter, name)

    def format(self, record: logging.LogRecord) -> str:
        text = self._formatter.format(record)
        if _is_the_users(record.pathname):
            return text
        return redaction.scrub(_BOUND.sub(rf"\g<head>{redaction.MASK}", _with_masked_urls(text, record)))


def _with_masked_urls(text: str, record: logging.LogRecord) -> str:
    """httpx and httpx2 give each URL as an object, whose query the kit knows to read; an application may use either."""
    if record.name.partition(".")[0] in http_library.NAMES and isinstance(record.args, tuple):
        from kailash_testkit.asgi.masking import Masker

        for url in [str(each) for each in record.args if http_library.is_of_library(each)]:
            request = http_library.Request("GET", url)
            text = text.replace(url, Masker(request).url(request.url))
    return text


@cache
def _is_the_users(path: str) -> bool:
    return is_the_users(Path(path))
