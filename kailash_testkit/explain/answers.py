"""Why an answer shows a row otherwise than it is stored: not at all, as it was before, or though it is not there.

What the application's own caches hold, nobody else can see: these causes are stated as likely, what speaks for them is
proved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kailash_testkit.asgi.timeline import TimedRequest
from kailash_testkit.explain import investigation
from kailash_testkit.explain.caching import cache_that_still_has
from kailash_testkit.explain.case import Case
from kailash_testkit.explanation import Cause, Explanation
from kailash_testkit.internals.observed_nodes import EXPRESS_LIMIT, NODE_LIMIT
from kailash_testkit.models.rows import Row

Agrees = Callable[[Row], bool]
"""Whether an answer shows a row as it is in some state."""

_FILTER: Final = {
    Cause.SOFT_DELETED: "leave out rows whose deleted_at is set: raw SQL and include_deleted=True do not by themselves",
    Cause.OTHER_TENANT: "read through DataFlow within the request's tenant, or filter by tenant_id",
}
_DEFAULT_LIMITS: Final[dict[int | None, str]] = {NODE_LIMIT: "ListNode", EXPRESS_LIMIT: "express.list"}
_OWN_COPY: Final = (
    "look for what the application keeps: a module-level dict, functools.cache, a Redis; and empty it on writes"
)


async def explain_shown(case: Case, agrees: Agrees) -> Explanation:
    """Of a row that an answer shows, and should not show, or not so. agrees: whether it shows a state of the row."""
    found = await investigation.explain_for_message(case)
    if found.cause in _FILTER and found.certain:
        return Explanation(found.cause, found.summary, ["the answer shows it all the same"], cure=_FILTER[found.cause])
    if case.row is None:
        cached = cache_that_still_has(case)
        return cached or _shown_though_absent(case, found)
    if found.certain and found.cause is Cause.STALE_CACHE:
        return found
    return _earlier_state(case, agrees)


def _shown_though_absent(case: Case, found: Explanation) -> Explanation:
    if found.cause is Cause.DELETED:
        evidence = [found.summary, _no_cache(case)]
        return Explanation(
            Cause.OWN_COPY, f"the answer shows {case.name} as before", evidence, cure=_OWN_COPY, certain=False
        )
    if found.cause is not Cause.NEVER_WRITTEN:
        return found
    return Explanation(
        Cause.EARLIER_TEST,
        f"the answer shows {case.name}, which no transaction of this test wrote",
        evidence=["the journal records every committed change, and has none of it since the last reset"],
        unknown=["whether an earlier test wrote it, or the application made it up"],
        cure=f"{_OWN_COPY}; or let a fixture empty it before each test",
        certain=False,
    )


def _earlier_state(case: Case, agrees: Agrees) -> Explanation:
    for change in reversed(case.past):
        if change.before is not None and agrees(Row.decoded(case.model, change.before)):
            return Explanation(
                Cause.OWN_COPY,
                f"the answer shows {case.name} as it was before it was changed{case.when(change.seq)}",
                evidence=[f"that was {case.place(change)} in the journal", _no_cache(case)],
                unknown=["whether a transaction that began before that is still open"],
                cure=_OWN_COPY,
                certain=False,
            )
    return Explanation(
        Cause.UNDECIDED,
        f"the answer shows values that {case.name} never had in this test",
        evidence=[_no_cache(case)],
        unknown=["what the handler makes of the stored values"],
        cure="compare what the handler reads with what it answers; fields that it shows in a form of its own: "
        "api.resource(path, server_set={...})",
        certain=False,
    )


async def explain_not_shown(case: Case, request: TimedRequest | None, count: int | None) -> Explanation:
    """Of a stored row that an answer lacks. request: that was answered. count: how many rows a list shows."""
    limited = case.limits_hit(request)
    if limited and case.row is not None:
        return Explanation(
            Cause.BEYOND_LIMIT,
            f"{limited[0]}",
            evidence=[str(each) for each in limited[1:3]],
            cure="give it a limit, answer in pages, or count with CountNode",
        )
    found = await investigation.explain_for_message(case)
    if found.cause is not Cause.VISIBLE:
        return found
    if count in _DEFAULT_LIMITS:
        return Explanation(
            Cause.BEYOND_LIMIT,
            f"the list shows {count} rows, and {_DEFAULT_LIMITS[count]} returns {count} unless it is given a limit",
            evidence=found.evidence[:1],
            unknown=["whether the list comes from it"],
            cure="give it a limit, or answer in pages",
            certain=False,
        )
    if not case.past:
        return found
    before = _same_request_before(case, request)
    if before is None:
        return found
    return Explanation(
        Cause.OWN_COPY,
        f"the same request was answered before {case.name} was written",
        evidence=[f"{case.name} was written{case.when(case.past[0].seq) or ' after that'}", _no_cache(case)],
        unknown=["whether the handler's own filters or permissions hide the row"],
        cure=_OWN_COPY,
        certain=False,
    )


async def explain_unconfirmed(case: Case, request: TimedRequest | None) -> Explanation:
    """Of a row that a request reported as written, and that is not, or not so. request: that was answered."""
    failed = [each for each in case.failures if each.request is request is not None and not each.by_kit]
    of_model = [each for each in failed if each.model in (case.model.name, None)]
    if of_model:
        return Explanation(
            Cause.NODE_FAILED,
            of_model[0].error,
            evidence=[str(each) for each in of_model[:2]],
            cure="look at each node's result: it may be success: False, and none is raised; answer 409 for a duplicate",
        )
    forgotten = [each for each in case.unawaited.of(request) if each.writes or case.model.name in each.models]
    if forgotten:
        return Explanation(Cause.NEVER_AWAITED, str(forgotten[0]), cure="await it")
    return await investigation.explain_for_message(case)


def _same_request_before(case: Case, request: TimedRequest | None) -> TimedRequest | None:
    """An earlier request like this one that had ended when the row was written."""
    if request is None or case.past[0].kind != "insert":
        return None
    written = case.past[0].seq
    return next(
        (
            each
            for each in case.timeline
            if each is not request and each.line() == request.line() and each.last is not None and each.last < written
        ),
        None,
    )


def _no_cache(case: Case) -> str:
    on = case.cache_is_on
    return "DataFlow's caches hold no earlier result of it" if on else "DataFlow's cache is off"
