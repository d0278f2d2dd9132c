"""`Kit`: one DataFlow under test, its database, and the verbs to arrange and inspect its rows."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from kailash_testkit import looks, open_kits
from kailash_testkit.asgi.timeline import Timeline
from kailash_testkit.changes import Changes
from kailash_testkit.concurrency import sync
from kailash_testkit.concurrency.pending import pending
from kailash_testkit.databases import Database
from kailash_testkit.databases.queries import Query
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explain import Explanation
from kailash_testkit.explain.explainer import Explainer
from kailash_testkit.exploration import Exploration
from kailash_testkit.factories import random_seed
from kailash_testkit.factories.verbs import Verbs
from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.isolation import open_sandboxes
from kailash_testkit.isolation.sandbox import Claim, Sandbox
from kailash_testkit.queries import Queries, tables
from kailash_testkit.queries.repeats import RepeatLog
from kailash_testkit.store.store import Store

Isolation = Literal["journal", "none"]


class Kit(Verbs):
    """The test kit for one DataFlow instance.

    In pytest the plugin opens one; elsewhere: ``async with Kit(db) as kit``, or ``with Kit(db) as kit``.
    Opening claims the database (`UnsafeDatabase` when it is not the kit's to change) and creates the
    tables of all models registered so far.

    isolation: "journal": `reset` undoes what was written; "none": it leaves the rows.
    allow_existing: accept a database that the kit did not make, provided it has no rows.
    verify: compare the whole database with the state it should be in after each `reset`, and raise
        `IsolationFailed` on any difference.
    """

    def __init__(
        self,
        dataflow: Any,
        /,
        *,
        isolation: Isolation = "journal",
        allow_existing: bool = False,
        verify: bool = False,
    ) -> None:
        if not dataflow_internals.is_dataflow(dataflow):
            raise ConfigurationError(
                f"Kit() takes a DataFlow instance, got {type(dataflow).__name__}",
                do="pass the db that your models are registered with: Kit(db)",
            )
        super().__init__()
        self.dataflow = dataflow
        self.isolation: Isolation = isolation
        self._claim: Claim = "empty" if allow_existing else "own"
        self._verify = verify
        self._late_models: Callable[[], object] | None = None
        self._opened: Store | None = None
        self._sandbox: Sandbox | None = None
        self.timeline = Timeline(lambda: None if self._sandbox is None else self._sandbox.position())
        self.explainer = Explainer(self, self.timeline, dataflow)
        self.repeats = RepeatLog()
        self.timeline.checks.append(self.repeats.refuse)

    @classmethod
    def on_private_database(cls, dataflow: Any, /, *, verify: bool, late_models: Callable[[], object]) -> Self:
        """A kit for a database in a place that only the kit gives out, so that all in it is the kit's.

        late_models: called once when a model is unknown; it may register further models.
        """
        kit = cls(dataflow, verify=verify)
        kit._claim = "private"
        kit._late_models = late_models
        return kit

    # --- life cycle ----------------------------------------------------------------------------

    def open(self) -> Self:
        """Claims the database and creates the tables. Use `close` after it, or better ``with``."""
        self._sandbox = open_sandboxes.enter(self.dataflow, self._claim, verify=self._verify)
        self._opened = Store(self.dataflow, self._sandbox.database, self._add_models, self.explainer.at_once)
        self.explainer.start()
        self.repeats.start()
        tables.add_models(self._opened.models_by_table)
        open_kits.add(self)
        return self

    def close(self) -> None:
        """Closes the kit's own connection. Idempotent; the database and the application are left alone."""
        open_kits.remove(self)
        self.explainer.stop()
        self.repeats.stop()
        if self._opened is not None:
            tables.remove_models(self._opened.models_by_table)
        sandbox, self._sandbox, self._opened = self._sandbox, None, None
        if sandbox is not None:
            open_sandboxes.leave(sandbox, self.dataflow)

    def _add_models(self) -> None:
        """Called when a model, or its table, is missing: it may have been registered late."""
        if self._late_models is not None:
            load, self._late_models = self._late_models, None
            load()
        self.sandbox.add_tables(self.dataflow)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._opened is not None:
            await self._opened.workflows.close()
        self.close()

    def __enter__(self) -> Self:
        self.open()
        open_kits.activate(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    @property
    def store(self) -> Store:
        """The rows of the DataFlow under test. Raises `ConfigurationError` while the kit is not open."""
        if self._opened is None:
            raise _not_open()
        return self._opened

    @property
    def sandbox(self) -> Sandbox:
        """The database under test with its journal. Raises `ConfigurationError` while the kit is not open."""
        if self._sandbox is None:
            raise _not_open()
        return self._sandbox

    @property
    def database(self) -> Database:
        """The kit's own view of the database."""
        return self.sandbox.database

    @property
    def runtime(self) -> Any:
        """The AsyncLocalRuntime on which the kit runs its workflows in the running event loop."""
        return self.store.workflows.runtime()

    # --- going back, and what changed ----------------------------------------------------------

    @pending
    async def reset(self) -> None:
        """Back to the enclosing state: what was written since it is gone, and so are cached reads.

        The enclosing state is that of the fixtures in force, or of the opening of the kit. Its cost follows
        the number of changes. Raises `DatabaseBusy` when an open transaction holds a lock.
        """
        self.reset_sync()

    def reset_sync(self) -> None:
        """`reset`, for synchronous code."""
        if self.isolation != "none":
            self.sandbox.settle()
            self.explainer.went_back()
            self.store.own_writes.go_back()

    @contextlib.contextmanager
    def seeded(self, seed: int, /) -> Generator[None, None, None]:
        """Draws what factories choose in a block from another seed: ``with kit.seeded(7): await orders.create()``."""
        with random_seed.seeded(seed):
            yield

    def changes(self) -> Changes:
        """A context manager for what changes in a block: ``with kit.changes() as changes: ...``."""
        return Changes(self.sandbox.recordings.open, self.store.models_by_table, self.active_tenant)

    def queries(self) -> Queries:
        """A context manager for the application's statements in a block: ``with kit.queries() as queries: ...``.

        All that run in this process, whatever database they go to.
        """
        kits = [self, *open_kits.beside(self)]
        return Queries(lambda: [kit.timeline for kit in kits], lambda: [kit.database for kit in kits])

    def active_tenant(self) -> str | None:
        """The tenant that the calling context is bound to, by `tenant` or by DataFlow's own means."""
        return dataflow_internals.current_tenant(self.dataflow)

    @pending
    async def explain(self, model: type | str, row_id: object, /) -> Explanation:
        """Why the application does not see a row: one cause with its evidence and cure; changes nothing.

        row_id: of any type, as the application had it. What cannot be proved is said to be likely.
        """
        return await self.explainer.explain(self.store.model(model), row_id)

    def explain_sync(self, model: type | str, row_id: object, /) -> Explanation:
        """`explain`, for synchronous code."""
        return sync.run(self.explain(model, row_id))

    @pending
    async def explore(
        self,
        api: Any,
        /,
        *,
        schema: Mapping[str, Any] | str | Path | None = None,
        operations: Collection[str] | None = None,
        seconds: float = 60.0,
        requests: int | None = None,
        seed: int = 0,
        checks: Collection[str] | None = None,
        skip: Mapping[str, Collection[str]] | None = None,
        factories: Any = None,
        login: Any = None,
        as_other: Any = None,
        owner_columns: Collection[str] = (),
        allow_writes: Collection[str] = (),
        allow: Sequence[str] = (),
        failpoints: bool = True,
        baseline: str | Path | None = None,
        remember: str | Path | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Exploration:
        """Tries the operations of an API by itself, and judges each request by the rows that it changes.

        api: an `ApiClient` of this kit. schema: the OpenAPI description, or a file with it, if not the application's.
        operations: patterns of those to try, ``["POST /orders", "GET /orders/*"]``.
        seconds, requests: the most. seed: of all that is chosen; the same finds the same.
        checks: by name; None for all. skip: what is off, ``{"POST /orders": ["server-error"]}``, for all by ``"*"``.
        factories: a module with factories, or a list of them, for the rows that requests are about.
        login, as_other: headers, or a coroutine that gets a client and returns headers, of one user and of another.
        owner_columns: those that say whose a row is, beside the usual ones. allow_writes: what a read or refusal may
            write, ``"users.last_seen"``. allow: lines as in ``testkit_judge_allow``.
        failpoints: whether writes are refused on purpose. baseline: a file with findings that are known.
        remember: a file in which findings are kept, to be tried first the next time.

        All rows are as before when it ends. Needs the extra ``explore``. Raises `ConfigurationError`.
        """
        # By name: exploring stands above the kit, whose clients and factories it uses.
        exploring = importlib.import_module("kailash_testkit.explore.exploring")
        options = importlib.import_module("kailash_testkit.explore.options")
        given = {name: value for name, value in locals().items() if name in options.Options.__dataclass_fields__}
        found: Exploration = await exploring.explore(self, api, options.Options(**given))
        return found

    # --- arranging and inspecting --------------------------------------------------------------

    @pending
    async def execute(
        self, model: type | str, operation: str, inputs: dict[str, object] | None = None, /
    ) -> dict[str, Any]:
        """Runs any generated node: ``kit.execute(Order, "BulkUpdate", {...})``. Returns its checked result.

        Raises `NodeFailed` when the node raises or reports ``success: False``.
        """
        return await self.store.execute(self.store.model(model), operation, inputs or {})

    @pending
    async def sql(self, query: str, /, **parameters: object) -> list[dict[str, Any]]:
        """The rows of a query: ``await kit.sql("SELECT status FROM orders WHERE total > :least", least=3)``.

        query: one statement; ``:name`` stands for a parameter on every database, for ``(a, b, ...)`` if it is a list.
        It runs on a connection of its own, where the database refuses to write, and sees what is committed, of all
        tenants. Values are as the driver gives them: on SQLite, datetimes are texts, bools are numbers.
        Raises `SqlFailed`.
        """
        rows = self.database.query(Query(query, parameters))
        if looks.observer is not None:
            looks.observer.sql(query)
        return rows

    @contextlib.contextmanager
    def tenant(self, tenant: str, /) -> Generator[None, None, None]:
        """Binds the block to a tenant of a multi-tenant DataFlow; registers the tenant when it is new."""
        if not self.dataflow.config.security.multi_tenant:
            raise ConfigurationError(
                f"kit.tenant({tenant!r}): this DataFlow is not multi-tenant, so it would have no effect",
                do="make the instance with DataFlow(..., multi_tenant=True), or leave kit.tenant out",
            )
        context = self.dataflow.tenant_context
        if context.get_tenant(tenant) is None:
            context.register_tenant(tenant, tenant)
        with context.switch(tenant):
            yield

    # --- twins for synchronous tests and fixtures ----------------------------------------------

    def sql_sync(self, query: str, /, **parameters: object) -> list[dict[str, Any]]:
        """`sql`, for synchronous code."""
        return sync.run(self.sql(query, **parameters))

    def execute_sync(
        self, model: type | str, operation: str, inputs: dict[str, object] | None = None, /
    ) -> dict[str, Any]:
        """`execute`, for synchronous code."""
        return sync.run(self.execute(model, operation, inputs))


def _not_open() -> ConfigurationError:
    return ConfigurationError("this kit is not open", do="use it within: async with Kit(db) as kit: ...")
