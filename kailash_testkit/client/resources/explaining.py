"""The cause of a row that the API does not show, added to the message where the kit can prove it."""

from __future__ import annotations

from typing import Final

from kailash_testkit.client.resources.stored import StoredRows
from kailash_testkit.errors import ReadYourWritesError
from kailash_testkit.explain import Cause

# Not the others: whether a request was bound to a tenant, or meant to show few rows, only the application knows.
_PROVABLE: Final = frozenset({Cause.STALE_CACHE, Cause.DELETED, Cause.OTHER_DATABASE})


async def explained(failure: ReadYourWritesError, rows: StoredRows) -> ReadYourWritesError:
    """The failure with its proved cause in place of the supposed one; else the failure itself."""
    explanation = await rows.kit.explainer.for_message(rows.model, rows.as_id(failure.row_id))
    if not explanation.certain or explanation.cause not in _PROVABLE:
        return failure
    proved = ReadYourWritesError(
        failure.what,
        details=[*failure.details, *explanation.evidence],
        why=f"{explanation.cause}: {explanation.summary}",
        do=explanation.cure,
    )
    proved.row_id, proved.explanation = failure.row_id, explanation
    return proved
