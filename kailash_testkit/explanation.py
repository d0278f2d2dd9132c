"""`Explanation`: the answer to "where is my row?"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """The causes that the kit can name."""

    NOT_AN_ID = "the id is None"
    OTHER_ID_TYPE = "the id has another type"
    DELETED = "written, then deleted"
    ID_CHANGED = "written, then given another id"
    CREATE_FAILED = "never written: a create failed without raising"
    NEVER_WRITTEN = "never written"
    OTHER_DATABASE = "written to another database"
    NOT_COMMITTED = "not committed"
    STILL_RUNNING = "a task that may write it still runs"
    RECORDED_ANSWER = "Nexus answered from its record"
    CLOSED_LOOP = "a connection of a closed event loop"
    SOFT_DELETED = "soft-deleted"
    NO_SOFT_DELETE = "this release of DataFlow has no soft deletion"
    OTHER_TENANT = "it belongs to another tenant"
    STALE_CACHE = "a stale cached result"
    OWN_COPY = "a copy that the application keeps itself"
    EARLIER_TEST = "a row of an earlier test"
    NEVER_AWAITED = "a coroutine was never awaited"
    NODE_FAILED = "a node failed, and the handler went on"
    BEYOND_LIMIT = "beyond the default limit"
    VISIBLE = "nothing hides it"
    UNDECIDED = "the evidence does not decide"


@dataclass(frozen=True)
class Explanation:
    """Why a row is not visible to the application, or that it is.

    cause: the one cause. certain: whether the evidence proves it; else it is the likeliest.
    summary: the cause in one sentence, with what is particular to this row.
    evidence: what was found, a line each.
    unknown: what the kit could not find out, a line each.
    cure: what to do, None where there is nothing to do.

    >>> print(Explanation(Cause.BEYOND_LIMIT, "Order 3 is the 12th of 15", evidence=["ListNode returns 10"]))
    beyond the default limit: Order 3 is the 12th of 15
      ListNode returns 10
    """

    cause: Cause
    summary: str
    evidence: tuple[str, ...] | list[str] = ()
    unknown: tuple[str, ...] | list[str] = ()
    cure: str | None = None
    certain: bool = True

    @property
    def details(self) -> list[str]:
        """The evidence, and what is not known, as lines for a message."""
        return [*self.evidence, *(f"not known: {line}" for line in self.unknown)]

    @property
    def why(self) -> str:
        """The cause and its summary in one line; marked as likely where it is not proved."""
        if self.cause is Cause.VISIBLE:
            return f"not known: {self.summary}"
        likely = "" if self.certain or self.cause is Cause.UNDECIDED else "most likely "
        return f"{likely}{self.cause}: {self.summary}"

    def __str__(self) -> str:
        likely = "" if self.certain else "most likely "
        lines = [f"{likely}{self.cause}: {self.summary}", *(f"  {line}" for line in self.details)]
        return "\n".join([*lines, f"  do:  {self.cure}"] if self.cure else lines)
