"""The cause of what a resource found: asked of `explain`, stated as proved or as likely, never guessed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.timeline import TIMED
from kailash_testkit.client.resources.stored import StoredRows
from kailash_testkit.errors import ReadYourWritesError, UnconfirmedWrite
from kailash_testkit.explain import Cause, Explanation
from kailash_testkit.judge.bodies import Json
from kailash_testkit.judge.comparing import stale

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest


_SAID: Final = frozenset(  # by what the failure says of the row itself
    {Cause.NEVER_WRITTEN, Cause.VISIBLE, Cause.OTHER_ID_TYPE, Cause.UNDECIDED, Cause.SOFT_DELETED, Cause.OTHER_TENANT}
)


async def explained(
    failure: ReadYourWritesError,
    rows: StoredRows,
    response: httpx.Response,
    shown: Json | None,
    count: int | None = None,
) -> ReadYourWritesError:
    """The failure with its cause, unless the answer itself tells it.

    shown: the row in the answer, if it is there. count: how many rows a list shows.
    """
    if failure.why is not None:
        return failure
    explainer, row_id = rows.kit.explainer, rows.as_id(failure.row_id)
    if shown is None:
        found = await explainer.of_not_shown(rows.model, row_id, request_of(response), count)
    else:
        found = await explainer.of_shown(rows.model, row_id, lambda row: not stale(row, shown))
    advice = [found.cure, None if found.certain and found.cause is not Cause.VISIBLE else failure.do]
    with_cause = ReadYourWritesError(
        failure.what,
        details=[*failure.details, *_further(failure.details, found.details)],
        why=found.why,
        do="; ".join(filter(None, advice)) or None,
    )
    with_cause.row_id, with_cause.explanation = failure.row_id, _proved(found)
    return with_cause


async def unconfirmed(
    failure: UnconfirmedWrite, rows: StoredRows, response: httpx.Response, *, creates: bool = False
) -> UnconfirmedWrite:
    """The failure with the cause that `explain` knows of a write that did not happen; the database's words first.

    creates: whether it was to make a row. Then a likely cause says more than that the row is not there; else there
    may never have been one, which the failure says.
    """
    found = await rows.kit.explainer.of_unconfirmed(rows.model, rows.as_id(failure.row_id), request_of(response))
    if found.cause in _SAID or not (found.certain or creates):
        return failure
    why, do = found.why, found.cure or failure.do
    if not found.certain:  # what is known of the row comes first
        why = "; ".join(filter(None, (failure.why, found.why)))
        do = "; or ".join(filter(None, (found.cure, failure.do)))
    details = [*failure.details, *(line for line in found.details if line not in failure.details)]
    with_cause = UnconfirmedWrite(failure.what, details=details, why=why, do=do)
    with_cause.row_id = failure.row_id
    return with_cause


def _further(told: Sequence[str], lines: Sequence[str]) -> list[str]:
    """The lines that say more than those before: a missing row is not shown again as a stored one."""
    rows = {line.removeprefix("missing: ").removeprefix("stored: ") for line in told}
    return [line for line in lines if line.removeprefix("stored: ") not in rows]


def request_of(response: httpx.Response) -> TimedRequest | None:
    """The request that was answered, as the timeline has it."""
    timed: TimedRequest | None = response.request.extensions.get(TIMED)
    return timed


def _proved(found: Explanation) -> Explanation | None:
    return found if found.certain else None
