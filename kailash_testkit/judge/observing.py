"""What was observed of DataFlow's nodes while a request ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kailash_testkit.judge.cases import CutList, FailedNode, Observed

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest
    from kailash_testkit.explain.explainer import Explainer


def observed(explainers: Sequence[Explainer], request: TimedRequest) -> Observed:
    """What the explainers of a database's kits noted for a request."""
    failures = [failure for each in explainers for failure in each.failed_nodes() if failure.request is request]
    return Observed(
        [FailedNode(each.operation, each.model, f"{each.node} failed: {each.error}", each.where) for each in failures],
        [CutList(hit.model, hit.limit, str(hit)) for each in explainers for hit in each.limits.of(request)],
        frozenset(tenant for each in explainers for tenant in each.nodes.tenants_of(request)),
    )
