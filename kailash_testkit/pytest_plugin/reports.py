"""How the kit's own errors are reported: the user's frames, then the message, which says the rest.

The frames of pytest, httpx and the kit between them, and the exceptions that a message already tells
of, would bury it. ``--full-trace`` shows them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import pytest

from kailash_testkit.errors import KitError
from kailash_testkit.importer import is_the_users
from kailash_testkit.redaction import redact

_STYLES: Final = ("long", "short", "native")


def explanation(call: pytest.CallInfo[Any], config: pytest.Config, style: str = "long") -> Any:
    """What a report of a phase that failed with an error of the kit shows (its ``longrepr``); None for others.

    style: how frames are shown unless the user chose with ``--tb``.
    """
    error = call.excinfo
    if error is None or not isinstance(error.value, KitError) or config.getoption("fulltrace"):
        return None
    chosen = config.getoption("tbstyle")
    return error.getrepr(
        style=cast(Any, chosen if chosen in _STYLES else style),
        showlocals=bool(config.getoption("showlocals")),
        tbfilter=lambda info: info.traceback.filter(lambda entry: is_the_users(Path(entry.path))),
        chain=False,
    )


def kept(command: str) -> tuple[str, str]:
    """The section of a failed test's report that says how to open the database it left."""
    return "its database is kept", f"{command}\nremove it with: kailash-testkit clean"


def not_kept(error: Exception) -> tuple[str, str]:
    """The section that says why there is nothing to open."""
    return "its database could not be kept", redact(f"{type(error).__name__}: {error}")
