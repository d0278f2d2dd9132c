"""`Explainer`: explains the rows of one kit."""

from __future__ import annotations

from typing import Any, Protocol

from kailash_testkit.asgi.timeline import Timeline
from kailash_testkit.explain import investigation
from kailash_testkit.explain.case import Case, Nodes
from kailash_testkit.explain.failures import FailureLog
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

    def __init__(self, kit: Explained, timeline: Timeline) -> None:
        self._kit = kit
        self._timeline = timeline
        self._failures = FailureLog()

    def start(self) -> None:
        """Begins to observe."""
        self._failures.start()

    def stop(self) -> None:
        """Ends it. Idempotent."""
        self._failures.stop()

    def went_back(self) -> None:
        """The database went back to an earlier state: what failed before, and where, tells nothing any more."""
        self._timeline.forget_positions()
        self._failures.clear()

    def forget(self) -> None:
        """Another test begins."""
        self._timeline.clear()
        self._failures.clear()
        self._failures.start()

    def failed_nodes(self) -> list[str]:
        """The application's nodes that failed, a line each; those of the kit have raised their failure."""
        return [str(failure) for failure in self._failures if not failure.by_kit]

    def at_once(self, model: Model, row_id: object) -> Explanation:
        """What can be said without running anything; never raises."""
        return investigation.explain_at_once(self._case(model, row_id))

    async def explain(self, model: Model, row_id: object) -> Explanation:
        """The explanation after looking everywhere."""
        return await investigation.explain(self._case(model, row_id))

    async def for_message(self, model: Model, row_id: object) -> Explanation:
        """`explain`, for the message of an error: never raises."""
        return await investigation.explain_for_message(self._case(model, row_id))

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
            tenant=tenant,
        )
