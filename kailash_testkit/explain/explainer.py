"""`Explainer`: explains the rows of one kit."""

from __future__ import annotations

from typing import Any, Protocol

from kailash_testkit.asgi.timeline import TimedRequest, Timeline
from kailash_testkit.explain import answers, investigation
from kailash_testkit.explain.answers import Agrees
from kailash_testkit.explain.case import Case, Nodes
from kailash_testkit.explain.failures import Failure, FailureLog
from kailash_testkit.explain.limits import LimitLog
from kailash_testkit.explain.nodes import NodeLog
from kailash_testkit.explain.unawaited import UnawaitedLog
from kailash_testkit.explanation import Explanation
from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.isolation.sandbox import Sandbox
from kailash_testkit.models import Model


class Rows(Protocol):
    """What the explainer needs of a kit's rows."""

    @property
    def dataflow(self) -> Any:
        """The DataFlow under test."""
        ...

    @property
    def workflows(self) -> Nodes:
        """Runs its nodes."""
        ...


class Explained(Protocol):
    """What the explainer needs of a kit."""

    @property
    def sandbox(self) -> Sandbox:
        """The database under test with its journal."""
        ...

    @property
    def store(self) -> Rows:
        """The rows of the DataFlow under test."""
        ...


class Explainer:
    """Keeps what a later explanation needs: the requests, and the nodes that failed, of the test that runs."""

    def __init__(self, kit: Explained, timeline: Timeline, dataflow: Any) -> None:
        self._kit = kit
        self._timeline = timeline
        self._failures = FailureLog()
        self.limits = LimitLog(dataflow)
        self.nodes = NodeLog(dataflow)
        self._unawaited = UnawaitedLog()
        timeline.checks.append(self.limits.refuse)

    @property
    def _logs(self) -> tuple[FailureLog, LimitLog, NodeLog, UnawaitedLog]:
        return self._failures, self.limits, self.nodes, self._unawaited

    def start(self) -> None:
        """Begins to observe."""
        for log in self._logs:
            log.start()

    def stop(self) -> None:
        """Ends it. Idempotent."""
        for log in self._logs:
            log.stop()

    def went_back(self) -> None:
        """The database went back to an earlier state: what failed before, and where, tells nothing any more."""
        self._timeline.forget_positions()
        for log in self._logs:
            log.clear()

    def forget(self) -> None:
        """Another test begins."""
        self._timeline.clear()
        for log in self._logs:
            log.clear()
            log.start()

    def failed_nodes(self) -> list[Failure]:
        """The application's nodes that failed; those of the kit have raised their failure."""
        return [failure for failure in self._failures if not failure.by_kit]

    @property
    def is_deaf(self) -> bool:
        """Whether nodes that fail are not seen: the application has switched off the log that tells of them."""
        return self._failures.is_deaf

    def observed(self, request: TimedRequest | None = None) -> list[str]:
        """What default limits cut and what was never awaited, a line each. request: during which; None for any."""
        if request is None:
            return [str(each) for each in (*self.limits, *self._unawaited)]
        return [str(each) for each in (*self.limits.of(request), *self._unawaited.of(request))]

    def at_once(self, model: Model, row_id: object) -> Explanation:
        """What can be said without running anything; never raises."""
        return investigation.explain_at_once(self._case(model, row_id))

    async def explain(self, model: Model, row_id: object) -> Explanation:
        """The explanation after looking everywhere."""
        return await investigation.explain(self._case(model, row_id))

    async def for_message(self, model: Model, row_id: object) -> Explanation:
        """`explain`, for the message of an error: never raises."""
        return await investigation.explain_for_message(self._case(model, row_id))

    async def of_shown(self, model: Model, row_id: object, agrees: Agrees) -> Explanation:
        """Why an answer shows a row, or a state of it, that it should not show; see `answers.explain_shown`."""
        return await answers.explain_shown(self._case(model, row_id), agrees)

    async def of_not_shown(
        self, model: Model, row_id: object, request: TimedRequest | None, count: int | None
    ) -> Explanation:
        """Why the answer to a request lacks a row that is stored. count: how many rows a list shows."""
        return await answers.explain_not_shown(self._case(model, row_id), request, count)

    async def of_unconfirmed(self, model: Model, row_id: object, request: TimedRequest | None) -> Explanation:
        """Why a write that a request reported did not happen."""
        return await answers.explain_unconfirmed(self._case(model, row_id), request)

    def _case(self, model: Model, row_id: object) -> Case:
        store = self._kit.store
        tenant = dataflow_internals.current_tenant(store.dataflow) if model.tenant else None
        return Case(
            model,
            row_id,
            sandbox=self._kit.sandbox,
            dataflow=store.dataflow,
            nodes=store.workflows,
            timeline=self._timeline,
            failures=self._failures,
            limits=self.limits,
            unawaited=self._unawaited,
            tenant=tenant,
        )
