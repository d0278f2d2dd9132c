"""Builds and runs the workflows of generated nodes. The only module that does.

A workflow is built once per model and operation, by class reference, so that it runs on the DataFlow
under test and not on whichever instance registered the name last; values come as runtime inputs,
which clash with no node parameter (``name``, ``tags``, ``version``).
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from kailash_testkit.concurrency import loops, sync
from kailash_testkit.errors import AppendOnlyModel, NodeFailed, UnknownOperation
from kailash_testkit.internals.dataflow_loops import LoopNodes
from kailash_testkit.internals.node_errors import NODE_ID, RUNS_FOR_KIT, reason_of
from kailash_testkit.models import Model
from kailash_testkit.redaction import secrets_in
from kailash_testkit.text import closest_match, comma_join

OPERATIONS: Final = (
    *("Create", "Read", "Update", "Delete", "List", "Count", "Upsert"),
    *("BulkCreate", "BulkUpdate", "BulkDelete", "BulkUpsert"),
)


class Workflows:
    """Runs the generated nodes of one DataFlow instance, through one AsyncLocalRuntime per event loop."""

    def __init__(self, dataflow: Any) -> None:
        self._dataflow = dataflow
        self._built: dict[tuple[str, str], Any] = {}
        self._runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()
        self._nodes = LoopNodes(dataflow)

    async def run(self, model: Model, operation: str, inputs: Mapping[str, object]) -> dict[str, Any]:
        """Runs one node with these inputs and returns its result.

        Raises `NodeFailed`, with the database's own words, when the node reports ``success: False`` or
        raises; `AppendOnlyModel` and `UnknownOperation` before anything runs.
        """
        workflow = self._workflow(model, operation)
        runtime = self.runtime()
        await self._nodes.enter()
        own = RUNS_FOR_KIT.set(True)
        try:
            results, _ = await runtime.execute_workflow_async(workflow, {NODE_ID: dict(inputs)})
        except Exception as error:  # whatever the node raises is put into the kit's words
            known = secrets_in(inputs, model.name)
            raise NodeFailed(f"{model.name}{operation}Node raised", why=reason_of(str(error), known)) from None
        finally:
            RUNS_FOR_KIT.reset(own)
            self._nodes.remember()
        result: dict[str, Any] = results[NODE_ID]
        if result.get("success") is False:
            raise NodeFailed(
                f"{model.name}{operation}Node reported success: False",
                why=reason_of(str(result.get("error", "no reason given")), secrets_in(inputs, model.name)),
            )
        return result

    def runtime(self) -> Any:
        """The AsyncLocalRuntime of the running loop; closed with that loop, or by `close`."""
        loop = loops.running_loop()
        runtime = self._runtimes.get(loop)
        if runtime is None:
            runtime = self._runtimes[loop] = import_module("kailash.runtime").AsyncLocalRuntime()
            loops.on_close(self.close)
        return runtime

    async def close(self) -> None:
        """Closes the running loop's runtime and DataFlow's connections in it. Idempotent."""
        runtime = self._runtimes.pop(asyncio.get_running_loop(), None)
        if runtime is not None:
            runtime.close()
        await self._nodes.close()

    def forget(self, closed: Iterable[asyncio.AbstractEventLoop]) -> None:
        """Closes the runtimes of loops that were closed before them."""
        for loop in closed:
            runtime = self._runtimes.pop(loop, None)
            if runtime is not None:
                runtime.close()

    def close_strays(self, living: Iterable[asyncio.AbstractEventLoop]) -> None:
        """Closes what an application left in a loop of its own that is gone (starlette's TestClient).

        DataFlow would drop it while connected at its next use, with a ResourceWarning.
        """
        if self._nodes.has_strays(living):
            sync.run(self._nodes.enter())

    def _workflow(self, model: Model, operation: str) -> Any:
        key = (model.name, operation)
        if key not in self._built:
            self._built[key] = self._build(model, operation)
        return self._built[key]

    def _build(self, model: Model, operation: str) -> Any:
        if operation not in OPERATIONS:
            guess = closest_match(operation, OPERATIONS)
            raise UnknownOperation(
                f"DataFlow generates no {model.name}{operation}Node" + (f": did you mean {guess!r}?" if guess else ""),
                do=f"use one of: {comma_join(OPERATIONS)}",
            )
        if model.append_only and operation not in ("Create", "Read", "List", "Count", "BulkCreate"):
            raise AppendOnlyModel(
                f"{operation} of {model.name}, which is append-only",
                why="it is declared with @db.model(append_only=True); DataFlow refuses to change its rows",
                do="create a further row instead",
            )
        node = self._dataflow.get_node(f"{model.name}{operation}Node")
        builder = import_module("kailash.workflow.builder").WorkflowBuilder()
        # CreateNode refuses a callable default, as such, where it is no value of the field's type: it is given
        # a value here, which the value that comes with each run replaces.
        defaults = [field for field in model.fields.values() if operation == "Create" and callable(field.default)]
        configuration = {field.name: cast("Callable[[], object]", field.default)() for field in defaults}
        with warnings.catch_warnings():
            # "SDK node detected" is meant for nodes that have a name to use instead; here a class is wanted.
            warnings.simplefilter("ignore", UserWarning)
            try:
                builder.add_node(node, NODE_ID, configuration)
                return builder.build()
            except Exception as error:  # Kailash checks the types of the fields here
                raise NodeFailed(
                    f"Kailash cannot make {model.name}{operation}Node", why=reason_of(str(error))
                ) from None
