"""Every error the kit raises.

All subclass `KitError`; failed expectations of a test are also an `AssertionError`, so that pytest
reports them as failures. A message is a few lines: what happened and where, then ``why``, then ``do``.
A note, which Python and pytest show below it, names the command that prints the error's page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kailash_testkit import http_library as httpx
    from kailash_testkit.explanation import Explanation


class KitError(Exception):
    """Base of all errors of the kit.

    what: one line: what happened, and where (model, field, request, test).
    details: further lines of evidence, shown indented.
    why: the reason, as far as it is known.
    do: what to do next.

    >>> print(KitError("it broke", why="it was old", do="buy another"))
    it broke
      why: it was old
      do:  buy another
    """

    def __init__(
        self, what: str, /, *, details: Iterable[str] = (), why: str | None = None, do: str | None = None
    ) -> None:
        self.details = tuple(details)
        self.what = what
        self.why = why
        self.do = do
        super().__init__(_message(self))
        page = _page_of(type(self))
        if page is not None:
            self.add_note(f"  see: kailash-testkit explain-error {page}")


def add_detail(error: KitError, line: str) -> None:
    """Adds a line of evidence to the message."""
    error.details = (*error.details, line)
    error.args = (_message(error),)


def _message(error: KitError) -> str:
    lines = [error.what, *(f"  {line}" for line in error.details)]
    if error.why is not None:
        lines.append(f"  why: {error.why}")
    if error.do is not None:
        lines.append(f"  do:  {error.do}")
    return "\n".join(lines)


def _page_of(kind: type[KitError]) -> str | None:
    """The error that has a page of its own: that of a subclass elsewhere is the one that it is of here."""
    names = (each.__name__ for each in kind.__mro__ if each.__module__ == __name__ and each is not KitError)
    return next(names, None)


class ConfigurationError(KitError):
    """A setting of the kit (ini option, command line, fixture) cannot be used."""


class NoActiveKit(KitError):
    """A factory was called and no kit says which DataFlow it should write to."""


class UnsafeDatabase(KitError):
    """The database is not one that the kit may change; nothing was touched."""


class UnsupportedDatabase(KitError):
    """The database URL names a kind of database, or a form of one, that cannot be used."""


class ServerUnavailable(KitError):
    """The database server that the tests need cannot be reached, or a private one cannot be started."""


class IsolationFailed(KitError):
    """A test's changes could not be undone exactly."""


class LeftRunning(KitError):
    """A test left something running that could write into the next test."""


class DatabaseBusy(KitError):
    """The database stayed locked by a transaction that someone began and has not ended."""


class UnknownModel(KitError):
    """No model of that name is registered with the DataFlow under test."""


class UnknownField(KitError):
    """The model has no such field; DataFlow would accept it silently and store nothing."""


class UnknownOperation(KitError):
    """DataFlow generates no such node for the model."""


class UnknownOperator(KitError):
    """A filter operator that DataFlow does not have, or that gives wrong results."""


class SqlFailed(KitError):
    """`Kit.sql` was given what is no query, or one that the database refused."""


class ManagedField(KitError):
    """A value was given for a field that is not the caller's to set, such as the id of a row that is there."""


class DeclarationError(KitError):
    """A declaration of a factory cannot make a value for any row."""


class CircularValues(KitError):
    """Derived values of a row, or related rows, that need each other."""


class UnknownTrait(KitError):
    """The factory has no trait of that name."""


class UnstorableField(KitError):
    """The model declares a field with a type that DataFlow cannot store."""


class MissingField(KitError):
    """A required field has no value, and none can be made for its type."""


class FieldTypeError(KitError):
    """A value has another type than the model declares; nothing was run."""


class TenantRequired(KitError):
    """The model belongs to a tenant and no tenant is active."""


class AppendOnlyModel(KitError):
    """An update or delete of a model that is declared append-only."""


class NotAwaited(KitError):
    """The result of an async method was used without ``await``."""


class InsideEventLoop(KitError):
    """A synchronous client was called in code that an event loop runs, which the call would block."""


class NodeFailed(KitError):
    """A DataFlow node reported a failure or raised; base of the failures of single operations."""


class SeedingFailed(NodeFailed):
    """DataFlow did not store the row."""


class StoredRowMismatch(KitError, AssertionError):
    """The row that was stored differs from the row that was requested: ``row_id`` is its id."""

    row_id: object = None


class RowNotFound(KitError, AssertionError):
    """No row with that id is visible through DataFlow. ``explanation``: why, as far as the kit can tell."""

    explanation: Explanation | None = None


class MultipleRowsFound(KitError, AssertionError):
    """More than one row matches where one was expected."""


class UnexpectedChanges(KitError, AssertionError):
    """The database changed otherwise than a test expected."""


class LifespanFailed(KitError):
    """The application's lifespan startup or shutdown failed; ``__cause__`` is its own exception.

    ``timed_out``: whether it took longer than it may.
    """

    timed_out: bool = False


class UnexpectedStatus(KitError, AssertionError):
    """A response has another status code than expected: ``status``, or None when it broke off.

    ``response``: the response, read. ``no_route``: whether no route of the application matches the request.
    """

    status: int | None = None
    response: httpx.Response | None = None
    no_route: bool = False


class UnexpectedResponse(KitError, AssertionError):
    """A response has the expected status, and another body than it should have."""


class UnconfirmedWrite(KitError, AssertionError):
    """The API reported success, and the database shows that it did not do what it reported.

    ``row_id``: of the row that it was about.
    """

    row_id: object = None


class ReadYourWritesError(KitError, AssertionError):
    """The API does not show a row as it is in the database: it is missing, or an earlier state of it.

    ``row_id``: of the row, or of the first of several; ``explanation``: the cause, where it is proved.
    """

    row_id: object = None
    explanation: Explanation | None = None


class DefaultLimitHit(KitError, AssertionError):
    """A list of the application was cut at DataFlow's default limit, and more rows match."""


class TooManyQueries(KitError, AssertionError):
    """More statements ran than a test allows: for a request, in a block, or in the whole test."""


class NPlusOneQueries(KitError, AssertionError):
    """A request ran the same statement again and again with other values."""


class UnindexedQuery(KitError, AssertionError):
    """A statement compares a column without an index, and so reads every row of a large table."""


class UnobservedQueries(KitError):
    """What a test asks of the application's statements cannot be answered: the kit has not seen all of them."""


class FaultyRequest(KitError, AssertionError):
    """What a request answered is not what it did to the rows; see the judge."""


class AnsweredFromRecord(KitError, AssertionError):
    """Nexus answered a request from its record of an identical one, without running the handler."""


class ProtocolViolation(KitError, RuntimeError):
    """The application broke the ASGI protocol: no response, messages in a wrong order, or what cannot be sent.

    It is raised into the application, where a server raises a `RuntimeError`.
    """


class UnsupportedProtocol(KitError):
    """The URL of the request needs a protocol that the client does not speak, such as ``ws`` in ``api.get(...)``."""


class WebSocketDenied(KitError, AssertionError):
    """The application refused a WebSocket connection: ``response`` is its answer, read."""

    response: httpx.Response | None = None


class WebSocketClosed(KitError, AssertionError):
    """A message was expected on a WebSocket, or sent, and the connection is closed: ``code``, ``reason``.

    The code is 1006 where the connection ended without a close.
    """

    code: int = 1006
    reason: str = ""


class NothingReceived(KitError, AssertionError):
    """The application sent nothing on a WebSocket within the time."""
