"""`Queries`: the statements of a block of a test, and what the test expects of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kailash_testkit.databases.urls import same_database
from kailash_testkit.errors import ConfigurationError, TooManyQueries, UnindexedQuery, UnobservedQueries
from kailash_testkit.queries import recorder
from kailash_testkit.queries.places import telling_line
from kailash_testkit.queries.plans import LARGE, Judgement, judged
from kailash_testkit.queries.report import cut, described
from kailash_testkit.text import some

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest, Timeline
    from kailash_testkit.databases import Database
    from kailash_testkit.queries.statement import Statement

_MOST_FOUND = 3


class Queries:
    """The statements that the application runs in a block: ``with kit.queries() as queries: ...``.

    Of all nodes, express and asynchronous drivers in this process, whatever database they go to; not those of the
    kit, and not what only serves a connection: ``BEGIN``, ``COMMIT``, ``SET``, questions for the schema.

    statements: those so far, oldest first.
    """

    def __init__(
        self,
        timelines: Callable[[], Sequence[Timeline]] = tuple,
        databases: Callable[[], Sequence[Database]] = tuple,
    ) -> None:
        self.statements: list[Statement] = []
        self._timelines = timelines
        self._databases = databases
        self._elsewhere = 0

    def __enter__(self) -> Self:
        self._elsewhere = self._requests_elsewhere()
        recorder.listen(self._add)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        recorder.leave(self._add)
        self._elsewhere = self._requests_elsewhere() - self._elsewhere

    def _add(self, statement: Statement) -> None:
        self.statements.append(statement)

    def _requests_elsewhere(self) -> int:
        return sum(timeline.elsewhere for timeline in self._timelines())

    def __len__(self) -> int:
        return len(self.statements)

    def __iter__(self) -> Iterator[Statement]:
        return iter([*self.statements])

    def __str__(self) -> str:
        head = some(len(self), "statement")
        return "\n".join([f"{head}:" if self.statements else "no statements", *described(self.statements)])

    def assert_at_most(self, most: int, /, *, what: str = "kit.queries()") -> None:
        """At most so many statements ran. what: of what, for the message.

        Raises `TooManyQueries`, which groups them and marks repeats, and `UnobservedQueries` when a request of the
        block went to a server at a URL.
        """
        __tracebackhide__ = True
        refuse_number(most, "assert_at_most")
        self._refuse_unobserved()
        if len(self.statements) > most:
            raise too_many(what, self.statements, most)

    def assert_indexed(self, *, least_rows: int = LARGE, allow: Collection[str] = ()) -> None:
        """No statement reads a large table as a whole because a column that it compares has no index.

        least_rows: of a table from which on it is large; `Kit.grow` makes one large. allow: tables, or
            ``table.column``, of which that is known. On SQLite and PostgreSQL.

        Raises `UnindexedQuery`, and `UnobservedQueries` when no statement compares a column of a large table, or one
        cannot be explained.
        """
        __tracebackhide__ = True
        self._refuse_unobserved()
        databases = self._databases()
        if not databases:
            raise UnobservedQueries(
                "assert_indexed: no kit says which database", do="with kit.queries() as queries: ..."
            )
        allow = (allow,) if isinstance(allow, str) else allow
        found = judged(self.statements, databases, same_database, large=least_rows, allowed=allow)
        if found.found:
            raise _unindexed(found)
        if found.refused:
            statement, reason = found.refused[0]
            raise UnobservedQueries(
                f"assert_indexed: {some(len(found.refused), 'statement')} could not be explained",
                details=[cut(statement.text)],
                why=reason,
            )
        if not found.examined:
            raise UnobservedQueries(
                "assert_indexed: there is nothing to look at",
                details=described(self.statements),
                why=f"no statement of the block compares a column of a table with {least_rows:,} rows or more",
                do="make the table large first: await kit.grow(Order, 10_000); or give least_rows=",
            )

    def _refuse_unobserved(self) -> None:
        if self._requests_elsewhere_in_block():
            raise UnobservedQueries(
                f"{some(self._requests_elsewhere_in_block(), 'request')} of the block went to a server at a URL",
                why="the kit sees the statements of its own process only, and that server may run in another",
                do="give the client the application itself: ApiClient(app, kit=kit)",
            )

    def _requests_elsewhere_in_block(self) -> int:
        if recorder.is_listening(self._add):
            return self._requests_elsewhere() - self._elsewhere
        return self._elsewhere


def too_many(what: str, statements: Sequence[Statement], most: int) -> TooManyQueries:
    """The error for more statements than a test allows. what: of what, for the first line."""
    repeated = [
        line for line in described(statements) if "other values each time" in line or "different values" in line
    ]
    return TooManyQueries(
        f"{what}: {some(len(statements), 'statement')}, at most {most} expected",
        details=described(statements),
        why="a loop asks for one row at a time (N+1)" if repeated else None,
        do='fetch what the loop needs at once, {"$in": ids} as a filter; if the number is right, expect it'
        if repeated
        else "leave out what is not needed; if the number is right, expect it",
    )


def check_request(queries: Queries, request: TimedRequest | None, most: int, *, in_this_process: bool) -> None:
    """That a request ran at most so many statements, of those that ran meanwhile.

    in_this_process: whether its server runs here.
    Raises `TooManyQueries`, and `UnobservedQueries` where that cannot be known.
    """
    __tracebackhide__ = True
    line = "the request" if request is None else request.line()
    if not in_this_process:
        raise UnobservedQueries(
            f"{line}: its statements cannot be counted",
            why="it went to a server at a URL, and the kit sees the statements of its own process only",
            do="give the client the application itself: ApiClient(app, kit=kit)",
        )
    own = [each for each in queries.statements if each.request is request and request is not None]
    loose = [each for each in queries.statements if each.request is None]
    if len(own) > most:
        raise too_many(line, own, most)
    if len(own) + len(loose) > most:
        raise UnobservedQueries(
            f"{line}: {some(len(own), 'statement')}, and {len(loose)} that ran meanwhile for no request",
            details=described(loose),
            why="they ran in a thread or task that does not know its request, such as of run_in_executor",
            do="run it with asyncio.to_thread, which passes the context on; or count with kit.queries()",
        )


def refuse_number(most: object, what: str) -> None:
    """Raises `ConfigurationError` for what is no number of statements."""
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise ConfigurationError(f"{what}: {most!r} is no number of statements", do="give a number from 0 on")


def _unindexed(judgement: Judgement) -> UnindexedQuery:
    first = judgement.found[0]
    details: list[str] = []
    for each in judgement.found[:_MOST_FOUND]:
        at = telling_line(each.statement.site)
        name = each.statement.node or each.statement.operation
        details.append(f"{each.number} x {name}" + (f", at {at}" if at else ""))
        details += [f"  {cut(each.statement.text)}", f"  plan: {each.scan.line}"]
    more = len(judgement.found) - _MOST_FOUND
    columns = " and ".join(sorted(first.compared))
    model = first.statement.model or first.scan.table
    index = f'{{"indexes": [{{"name": "...", "fields": ["{min(first.compared)}"]}}]}}'
    unusable = f"the index {first.scan.unusable[0]} is of no use to this comparison" if first.scan.unusable else None
    return UnindexedQuery(
        f"{model}: all of {first.rows:,} rows are read to compare {columns}",
        details=[*details, *([f"... and {some(more, 'more statement')}"] if more > 0 else [])],
        why=unusable or f"{first.scan.table} has no index that begins with {columns.replace(' and ', ' or ')}",
        do="compare the column itself, as it is stored, with =, < or >" if unusable else f"__dataflow__ = {index}",
    )
