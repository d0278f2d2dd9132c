"""What Kailash logs while it works for the kit is not in reports: a test's own lines would be lost among it.

Left out are its lines below ``ERROR`` while the kit lets DataFlow make the tables, and those below ``WARNING`` of the
nodes that the kit runs. ``caplog`` has every record, and whoever chooses a level below ``WARNING`` (``--log-level``,
``log_cli_level``) sees all that it lets through.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import pytest

from kailash_testkit.internals.node_errors import MAKES_TABLES, RUNS_FOR_KIT

_LIBRARIES: Final = frozenset({"kailash", "dataflow"})
_HANDLERS: Final = (("report_handler", "log_level"), ("log_cli_handler", "log_cli_level"))


def leave_out_own_logs(config: pytest.Config) -> None:
    """Lets pytest's handlers leave such lines out, where nobody has asked for them by a level."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    for name, level in _HANDLERS:
        handler: logging.Handler | None = getattr(plugin, name, None)
        chosen: int | None = getattr(plugin, level, None)
        if handler is not None and (chosen is None or chosen >= logging.WARNING):
            handler.addFilter(_is_for_the_test)


def _is_for_the_test(record: logging.LogRecord) -> Any:
    if record.name.partition(".")[0] not in _LIBRARIES:
        return True
    return record.levelno >= (logging.ERROR if MAKES_TABLES.get() else logging.WARNING if RUNS_FOR_KIT.get() else 0)
