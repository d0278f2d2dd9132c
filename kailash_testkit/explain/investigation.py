"""The order in which causes are considered: what is proved comes before what is likely."""

from __future__ import annotations

import asyncio
from typing import Final

from kailash_testkit.explain import absent, hidden
from kailash_testkit.explain.absent import Suspect
from kailash_testkit.explain.caching import stale_cache
from kailash_testkit.explain.case import Case
from kailash_testkit.explanation import Cause, Explanation
from kailash_testkit.models.rows import Row
from kailash_testkit.redaction import redact

_PATIENCE: Final = 0.5  # seconds that tasks beside the test get to write the row
_LOOK_AGAIN: Final = 0.02  # seconds

_PROVED: Final[tuple[Suspect, ...]] = (absent.no_id, absent.id_of_other_type, absent.deleted)
_LIKELY: Final[tuple[Suspect, ...]] = (
    absent.this_create_failed,
    absent.closed_loop,
    absent.not_committed,
    absent.never_awaited,
    absent.recorded_answer,
    absent.a_create_failed,
    absent.name_leads_elsewhere,
    absent.server_elsewhere,
    absent.still_running,
)
_AT_ONCE: Final = (*_PROVED, absent.behind_the_name, *_LIKELY)
_THOROUGH: Final = (*_PROVED, absent.in_another_database, *_LIKELY)


def explain_at_once(case: Case) -> Explanation:
    """What can be said without running anything and without waiting; for the messages of errors.

    Never raises: a message must not fail because its explanation did.
    """
    try:
        return _of_absent(case, _AT_ONCE) if case.row is None else _of_stored(case, case.row)
    except Exception as error:
        return _could_not_look(case, error)


async def explain_for_message(case: Case) -> Explanation:
    """`explain`, for the message of an error: never raises."""
    try:
        return await explain(case)
    except Exception as error:
        return _could_not_look(case, error)


def _could_not_look(case: Case, error: Exception) -> Explanation:
    """Tells the failure in place of the explanation."""
    return Explanation(
        Cause.UNDECIDED,
        f"the kit could not look for {case.name}",
        unknown=[redact(f"why: {type(error).__name__}: {error}").splitlines()[0]],
        certain=False,
    )


async def explain(case: Case) -> Explanation:
    """Looks everywhere, and gives what still runs beside the test a moment to write the row."""
    if case.row is None:
        found = _of_absent(case, _THOROUGH)
        return await _after_waiting(case, found) if found.cause is Cause.STILL_RUNNING else found
    found_at_once = _of_stored(case, case.row)
    if found_at_once.cause in (Cause.SOFT_DELETED, Cause.OTHER_TENANT, Cause.NO_SOFT_DELETE):
        return found_at_once
    row = case.row
    stale = await stale_cache(case, row)
    if stale is not None or found_at_once.cause is not Cause.VISIBLE:
        return stale or found_at_once
    return found_at_once if await case.is_read() else hidden.unread(case, row)


def _of_stored(case: Case, row: Row) -> Explanation:
    reasons = (hidden.soft_deleted, hidden.other_tenant, hidden.without_tombstones, hidden.beyond_limit)
    hiding = (reason(case, row) for reason in reasons)
    return next((found for found in hiding if found is not None), None) or hidden.visible(case, row)


def _of_absent(case: Case, suspects: tuple[Suspect, ...]) -> Explanation:
    found = (suspect(case) for suspect in suspects)
    return next((one for one in found if one is not None), None) or absent.never_written(case)


async def _after_waiting(case: Case, found: Explanation) -> Explanation:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while case.stored(case.asked) is None:
        if asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(_LOOK_AGAIN)
    return Explanation(
        Cause.STILL_RUNNING,
        f"{case.name} was written just now, by a task that ran on beside the test",
        evidence=found.evidence,
        cure=found.cure,
    )
