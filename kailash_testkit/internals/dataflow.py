"""Everything that reaches into Kailash and DataFlow beyond their documented API.

A new release that changes what is used here breaks the modules of this folder and no other. The releases that were
tried are the range in pyproject.toml; where they differ is in `releases`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any, Final

from kailash_testkit.errors import ConfigurationError, KitError
from kailash_testkit.internals import releases
from kailash_testkit.internals.dataflow_loops import end_loop_of_express
from kailash_testkit.internals.drivers import cure_of_missing_driver, missing_driver
from kailash_testkit.internals.node_errors import MAKES_TABLES
from kailash_testkit.redaction import redact

_MOST_FAILED: Final = 3  # tables in a message

# The patterns of DataFlow's "SQL injection protection", which replaces them in the values of CreateNode and
# BulkCreateNode and in the filters of ListNode and CountNode, although all of these are bound as parameters.
_REWRITTEN: Final = re.compile(
    r"union\s+select|select\s+\*?\s*from|drop\s+table|delete\s+from|insert\s+into|update\s+\w+\s+set|exec\s*\("
    r"|(or|and)\s+['\"]?1['\"]?\s*=\s*['\"]?1|;\s*(drop|delete|insert|update|exec)|--\s*$|/\*.*?\*/",
    re.IGNORECASE,
)


def rewrites_text(text: str) -> bool:
    """Whether DataFlow's nodes replace a part of the text because it looks like SQL."""
    return _REWRITTEN.search(text) is not None


def is_dataflow(candidate: object) -> bool:
    """Whether the object is a DataFlow instance. Imports nothing: whoever has one has imported it."""
    module = sys.modules.get("dataflow")
    return module is not None and isinstance(candidate, module.DataFlow)


def url_of(dataflow: Any) -> str:
    """The database URL that the instance's nodes use."""
    return str(dataflow.config.database.url or ":memory:")


def owner_of(model: type) -> Any | None:
    """The DataFlow instance that registered the class last, or None."""
    return getattr(model, "_dataflow", None)


def create_tables(dataflow: Any) -> None:
    """Creates the tables of all models registered so far, whatever the instance's migration settings.

    Synchronous, and idempotent. Raises `ConfigurationError` with DataFlow's own reason.
    """
    making = MAKES_TABLES.set(True)
    try:
        done = dataflow.create_tables_sync()
    except KitError:  # the instance may not be used
        raise
    except Exception as error:  # whatever DataFlow raises is reported, not swallowed
        raise _tables_failed(redact(str(error))) from None
    finally:
        MAKES_TABLES.reset(making)
    if not done:
        raise _tables_failed("create_tables_sync() reported failure", _failed_tables(dataflow))


def refusal_of_table(dataflow: Any, model: str) -> str | None:
    """Why DataFlow makes no statement that creates the model's table, in its own words; None where it makes one."""
    try:
        dataflow._generate_create_table_sql(model, dataflow._detect_database_type())
    except Exception as error:  # whatever DataFlow raises is reported
        return redact(f"{type(error).__name__}: {error}").splitlines()[0]
    return None


def _failed_tables(dataflow: Any) -> list[str]:
    """What DataFlow remembers of the statements that failed: the table, and the database's words."""
    failed: dict[str, Any] = getattr(dataflow, "_failed_table_creations", {})
    return [redact(f"table {name}: {each.error_message}").splitlines()[0] for name, each in failed.items()][
        :_MOST_FAILED
    ]


def _tables_failed(reason: str, details: Sequence[str] = ()) -> ConfigurationError:
    driver = missing_driver(" ".join([reason, *details]))
    cure = "correct the model that the reason names; MariaDB and MySQL take no list or dict as a default"
    if not releases.FUNCTIONS_AS_DEFAULTS.holds():
        cure += f", and {releases.installed_dataflow()} can give a server no function as one"
    return ConfigurationError(
        "DataFlow could not create the tables of its models in the test database",
        details=details,
        why=reason.splitlines()[0] if reason else None,
        do=cure_of_missing_driver(driver) if driver else cure,
    )


def current_tenant(dataflow: Any) -> str | None:
    """The tenant that the calling context is bound to."""
    tenant: str | None = dataflow.tenant_context.get_current_tenant()
    return tenant


def close_sync_express(dataflow: Any) -> None:
    """Ends the thread of ``db.express_sync``, whose pool would go on connecting to a database that is gone.

    DataFlow makes another when it is used again.
    """
    express = getattr(dataflow, "_express_sync", None)
    if express is not None:
        dataflow._express_sync = None
        if hasattr(express, "close"):
            express.close()
        else:  # of earlier releases: nothing ends its loop
            end_loop_of_express(dataflow, express._loop, express._thread)
