"""How the kit's own errors are reported: the user's frames, then the message, which says the rest.

The frames of pytest, httpx and the kit between them, and the exceptions that a message already tells
of, would bury it. ``--full-trace`` shows them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from kailash_testkit.errors import KitError
from kailash_testkit.importer import cure_of_missing, is_the_users, missing_variable
from kailash_testkit.internals.drivers import cure_of_missing_driver, missing_driver
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.databases import Database

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


def not_run_as_async(call: pytest.CallInfo[Any], item: pytest.Item) -> str | None:
    """One line for a test that no plugin ran, since it is an ``async def``; None for others."""
    error = call.excinfo
    if error is None or not str(error.value).startswith("async def functions are not natively supported"):
        return None
    return (
        f"kailash-testkit: {item.name} is an async def, and nothing runs it: set asyncio_mode = auto in pytest's "
        "settings, or mark it with @pytest.mark.asyncio"
    )


def import_hint(error: BaseException | None) -> str | None:
    """One line about the variable or the driver that an import asked for in vain; None for other errors."""
    variable = missing_variable(error)
    if variable is None:
        driver = missing_driver(str(error)) if isinstance(error, ImportError) else None
        cure = cure_of_missing_driver(driver) if driver else None
        return driver and f"kailash-testkit: the driver {driver} is not installed: {cure}"
    return f"kailash-testkit: the environment variable {variable} is not set; {cure_of_missing(variable)}"


def kept(command: str) -> tuple[str, str]:
    """The section of a failed test's report that says how to open the database it left."""
    return "its database is kept", f"{command}\nremove it with: kailash-testkit clean"


def not_kept(error: Exception) -> tuple[str, str]:
    """The section that says why there is nothing to open."""
    return "its database could not be kept", redact(f"{type(error).__name__}: {error}")


def refused_by_journal(error: BaseException, databases: Iterable[Database]) -> tuple[str, str] | None:
    """The section that says why a database refused something because of the kit; None for other errors."""
    asked = list(databases)
    each: BaseException | None = error
    while each is not None:
        for database in asked:
            why = database.explain_refusal(str(each))
            if why is not None:
                return "refused because of kailash-testkit", why
        each = each.__cause__ or each.__context__
    return None
