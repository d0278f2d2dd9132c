"""`Changes`: what happened to the database's rows within a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self, cast

from kailash_testkit import looks
from kailash_testkit.changes.as_code import Recorded, imports, suggested, suggestion
from kailash_testkit.changes.expectations import Expectation
from kailash_testkit.changes.looked_at import note_met
from kailash_testkit.changes.net import Change, Kind, net_changes
from kailash_testkit.changes.report import listing, misfit_of, unmet
from kailash_testkit.changes.scope import Scope
from kailash_testkit.errors import ConfigurationError, UnexpectedChanges
from kailash_testkit.isolation.recording import Recording
from kailash_testkit.models import Model


class Changes:
    """The net changes of a ``with kit.changes() as changes:`` block (``async with`` works too).

    Recorded in the database by triggers, so whoever made them is seen: the application in this process
    or another, raw SQL, a background task. Not among them are the rows of the application's start-up and
    of wider fixtures, should these fall into the block. Blocks may be nested. Inside the block it shows
    what has happened so far. ``str(changes)`` is a readable diff of the columns that differ.

    An insert that is deleted again, and an update that is taken back, are no changes; nor is an update
    of ``updated_at`` alone, unless it is expected.
    """

    def __init__(
        self,
        recording: Callable[[], AbstractContextManager[Recording]],
        models: Callable[[], Mapping[str, Model]],
        tenant: Callable[[], str | None] | None = None,
    ) -> None:
        self._recording = recording
        self._models = models
        self._active_tenant = tenant
        self._tenant_at_end: str | None = None
        self._block: AbstractContextManager[Recording] | None = None
        self._running: Recording | None = None
        self._ended: list[Change] | None = None
        self._gaps: tuple[str, ...] = ()

    @classmethod
    def of(cls, recording: Recording, models: Callable[[], Mapping[str, Model]]) -> Changes:
        """What a recording has so far; it is somebody else's to end."""
        changes = cls(lambda: nullcontext(recording), models)
        changes._running = recording
        return changes

    def __enter__(self) -> Self:
        self._ended, self._gaps = None, ()
        self._block = self._recording()
        self._running = self._block.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        try:
            self._ended = self._net()
            self._tenant_at_end = self._tenant()
        finally:
            self._running = None
            if self._block is not None:
                self._block.__exit__(kind, error, trace)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.__exit__(kind, error, trace)

    def _net(self) -> list[Change]:
        """All that differs, also what is not worth reporting."""
        if self._ended is not None:
            return self._ended
        if self._running is None:
            raise ConfigurationError(
                "these changes were never recorded", do="use a block: with kit.changes() as changes: ..."
            )
        recorded, self._gaps = self._running.so_far()
        return net_changes(recorded, self._models())

    def _all(self) -> list[Change]:
        return [change for change in self._net() if change.is_reported]

    def _tenant(self) -> str | None:
        return None if self._active_tenant is None else self._active_tenant()

    def _of(self, kind: Kind, model: type | str) -> list[Change]:
        name = model if isinstance(model, str) else model.__name__
        return [change for change in self._all() if change.kind == kind and change.model == name]

    @staticmethod
    def _shown(changes: list[Change]) -> list[Change]:
        """Changes that whoever called the caller gets to see."""
        if looks.observer is not None and looks.is_by_test(2):
            for change in changes:
                looks.observer.row_seen(change.model, change.id, change.kind)
        return changes

    def created(self, model: type | str, /) -> list[Change]:
        """The created rows of a model (or table)."""
        return self._shown(self._of("created", model))

    def updated(self, model: type | str, /) -> list[Change]:
        """The updated rows of a model (or table)."""
        return self._shown(self._of("updated", model))

    def deleted(self, model: type | str, /) -> list[Change]:
        """The deleted rows of a model (or table), softly deleted ones included."""
        return self._shown(self._of("deleted", model))

    def assert_only(self, /, *expected: Expectation | Sequence[Expectation]) -> None:
        """Raises `UnexpectedChanges` unless exactly the expected changes happened, and no other.

        Another table, another row, or another column of an updated row is a difference; so is, while a tenant is
        active, another tenant's row, unless the expectation names its ``tenant_id``. What happened is shown as
        expectations to paste. In place of expectations it takes a list of them, also inline-snapshot's ``snapshot()``,
        which fills itself in.
        """
        given = expected[0] if len(expected) == 1 else None
        if isinstance(given, list | tuple):
            self._assert_only(cast("Sequence[Expectation]", given))
        elif given is not None and not isinstance(given, Expectation):
            self._compare_with_snapshot(given)
        else:
            self._assert_only(cast("Sequence[Expectation]", expected))

    def _assert_only(self, expected: Sequence[Expectation]) -> None:
        net, tenant = self._net(), self._tenant() or self._tenant_at_end
        of_tenants = {model.name for model in self._models().values() if model.tenant}
        owned = [each.of_tenant(tenant) if each.model in of_tenants else each for each in expected]
        lines = unmet(owned, net)
        if lines:
            why, do = misfit_of(net, expected)
            code = suggestion(net, Scope.of_caller(), self, tenant)
            raise UnexpectedChanges(
                "the database did not change as expected", details=[*lines, *self._untold(), *code], why=why, do=do
            )
        if looks.observer is not None:
            note_met(owned, net)
        self._require_complete()

    def _compare_with_snapshot(self, snapshot: object) -> None:
        """Holds the changes against inline-snapshot's object, which notes what it is compared with."""
        tenant, scope = self._tenant() or self._tenant_at_end, Scope.of_caller()
        changes = self._all()
        lacking = imports([suggested(each, scope, tenant) for each in changes], scope)
        if lacking:
            raise ConfigurationError(
                "the snapshot of these changes would name what the test module does not import", do="; ".join(lacking)
            )
        if [Recorded.of(each, scope, tenant) for each in changes] != snapshot:
            lines = [*listing(changes), *self._untold()]
            raise UnexpectedChanges(
                "the database did not change as the snapshot says",
                details=lines or ["nothing changed"],
                do="if this is right: pytest --inline-snapshot=fix",
            )
        if looks.observer is not None:
            note_met([suggested(each, scope, tenant).expectation for each in changes], changes)
        self._require_complete()

    def assert_none(self) -> None:
        """Raises `UnexpectedChanges` if anything changed."""
        changes = self._all()
        if changes:
            lines = [*listing(changes), *self._untold()]
            raise UnexpectedChanges("the database changed, and no change was expected", details=lines)
        self._require_complete()

    def _require_complete(self) -> None:
        if self._gaps:
            raise UnexpectedChanges(
                "the kit cannot tell everything that changed",
                why="; ".join(self._gaps),
                do="change the schema, and reset, outside of the block",
            )

    def _untold(self) -> Sequence[str]:
        return [f"there may be more: {gap}" for gap in self._gaps]

    def __len__(self) -> int:
        return len(self._shown(self._all()))

    def __bool__(self) -> bool:
        return bool(self._shown(self._all()))

    def __iter__(self) -> Iterator[Change]:
        return iter(self._shown(self._all()))

    def __str__(self) -> str:
        lines = [*listing(self._shown(self._all())), *self._untold()]
        return "\n".join(lines) or "nothing changed"

    def __repr__(self) -> str:
        never = self._running is None and self._ended is None
        return "<changes of a block that was never entered>" if never else str(self)
