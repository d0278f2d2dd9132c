"""Back to what the fixtures left, after a test whatever it did; where that cannot be, the session stops."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from kailash_testkit.errors import DatabaseBusy, IsolationFailed, KitError, add_detail
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.isolation.sandbox import Sandbox


def settle(session: pytest.Session, sandboxes: Iterable[Sandbox], left: str) -> None:
    """Takes back what was written. Raises what is to be told of it; the next test starts clean all the same.

    Where it cannot, the session stops. Warns of files beside the database that stay changed. left: who left a
    transaction open, as far as that is known.
    """
    failures: list[KitError] = []
    files: list[str] = []
    for sandbox in sandboxes:
        files += sandbox.changed_files.end_test()
        try:
            sandbox.end_test()
        except DatabaseBusy as busy:
            failures.append(DatabaseBusy(busy.what, details=[*busy.details, left], why=busy.why, do=busy.do))
        except KitError as error:
            failures.append(error)
        except Exception as error:  # whatever a driver raises, of a server that is gone or a disk that is full
            failures.append(_not_put_back(sandbox, error))
        else:
            continue
        hindrance = recovered(sandbox)
        if hindrance is not None:
            session.shouldfail = f"no test can start on a clean database any more: {failures[-1].what}"
    if failures:
        for line in files:
            add_detail(failures[0], line)
        raise failures[0]
    for line in files:
        warnings.warn(line, stacklevel=2)


def recovered(sandbox: Sandbox) -> Exception | None:
    """After it could not go back, another attempt; then the database is made again. Returns what hinders that."""
    try:
        sandbox.settle()
    except Exception:  # the first one is told
        try:
            sandbox.make_again()
        except Exception as error:
            return error
    return None


def _not_put_back(sandbox: Sandbox, error: Exception) -> IsolationFailed:
    said = redact(str(error)).strip().splitlines() or [type(error).__name__]
    failed = IsolationFailed(
        f"the database {redact(sandbox.database.url)} could not be put back",
        why=said[0],
        do="see whether the server runs and the disk has room; a new run begins with a new database",
    )
    failed.__cause__ = error
    return failed
