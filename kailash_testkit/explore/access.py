"""Requests without credentials, and with those of somebody else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from kailash_testkit.changes.net import Change
from kailash_testkit.changes.report import listing
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.calls import as_object
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.playing import Step
from kailash_testkit.explore.subjects import Subject, parent_by_name
from kailash_testkit.judge.allowances import is_log
from kailash_testkit.judge.answers import Shown, shown_rows
from kailash_testkit.judge.checks import Found
from kailash_testkit.models import Model
from kailash_testkit.models.rows import Row, jsonable, model_of
from kailash_testkit.redaction import is_secret

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient


Login = Mapping[str, str] | Callable[[Any], Awaitable[Mapping[str, str] | None]]

_OWNERS: Final = re.compile(
    r"(user|owner|author|creator|customer|account|member|tenant|organi[sz]ation|org|workspace|team|company|client)"
    r"(_?id)?|created_by(_id)?|owned_by(_id)?"
)
_OPEN: Final = re.compile(
    r"users?|accounts?|customers?|members?|sessions?|tokens?|auth|log-?in|log-?out|sign-?(in|up|out)|register|registration"
    r"|password\S*|webhooks?|health\S*",
    re.IGNORECASE,
)
_OF_USERS: Final = re.compile(r"(user|owner|author|creator)(_?id)?|created_by(_id)?|owned_by(_id)?")
_MOST: Final = 6


@dataclass
class Identities:
    """Whose values mark rows as belonging to the user, and to the other one: by column.

    named: columns that the caller names as those of owners.
    """

    named: Collection[str] = ()
    user: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    other: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    raw: dict[str, object] = field(default_factory=dict[str, object])

    def is_owner_column(self, name: str, model: Model) -> bool:
        """Whether a column says whose a row is."""
        plain = {each.rpartition(".")[2] for each in self.named if "." not in each or each.split(".")[0] == model.name}
        return name in plain or (name != "id" and _OWNERS.fullmatch(name) is not None)

    def note(self, model: Model, by_user: Row, by_other: Row, sent: object) -> None:
        """The rows that both made with the same request differ in a column that says whose they are."""
        given = as_object(sent) or {}
        for name in model.columns:
            if name in given or not self.is_owner_column(name, model) or name not in by_user or name not in by_other:
                continue
            ours, theirs = by_user[name], by_other[name]
            if ours is not None and theirs is not None and ours != theirs:
                self.user.setdefault(name, set()).add(str(jsonable(ours)))
                self.other.setdefault(name, set()).add(str(jsonable(theirs)))
                self.raw.setdefault(name, ours)

    def whose(self, row: Row, model: Model) -> str | None:
        """``user`` or ``other`` where a column says so; None otherwise."""
        held = row.as_dict()
        found: set[str] = set()
        for name, value in held.items():
            if not self.is_owner_column(name, model) or value is None:
                continue
            text = str(jsonable(value))
            if text in self.user.get(name, ()):
                found.add("user")
            elif text in self.other.get(name, ()):
                found.add("other")
        return found.pop() if len(found) == 1 else None


async def logged_in(api: ApiClient, login: Login | None, where: str) -> ApiClient:
    """A client with these credentials. login: headers, or a coroutine that gets a client and returns headers."""
    if login is None:
        return api.with_headers({})
    view = api.with_headers({})
    if isinstance(login, Mapping):
        return view.with_headers(dict(cast("Mapping[str, str]", login)))
    try:
        headers = await login(view)
    except Exception as error:
        raise ConfigurationError(
            f"{where} failed: {type(error).__name__}: {error}".splitlines()[0],
            do=f"{where} gets a client and returns headers: async def login(api): ...",
        ) from error
    return view.with_headers(dict(headers)) if headers else view


def owners_of(changes: Sequence[Change], models: Mapping[str, Model]) -> dict[str, object]:
    """What the rows that a login made say of columns that name their id: ``user_id``, ``owner_id``."""
    by_name = {model.name: model for model in models.values()}
    found: dict[str, object] = {}
    for change in changes:
        if change.kind != "created" or change.after is None:
            continue
        row = change.after.as_dict()
        for model in by_name.values():
            for name in model.columns:
                parent = parent_by_name(name, by_name)
                is_of = parent is not None and parent.name == change.model
                if is_of and _OWNERS.fullmatch(name):
                    found.setdefault(name, row.get("id"))
        if row.get("tenant_id") is not None:
            found.setdefault("tenant_id", row["tenant_id"])
    return found


def bearer(client: ApiClient, rows: Iterable[Row]) -> Row | None:
    """The row that holds the credentials of a client: its token, or its id."""
    sent = [word for value in client.headers.values() for word in value.split() if len(word) > 1]
    for row in rows:
        for name, value in row.as_dict().items():
            if isinstance(value, str) and len(value) > 1 and value in sent and (is_secret(name) or name == "id"):
                return row
    return None


def owned_by(row: Row, models: Mapping[str, Model]) -> dict[str, object]:
    """The columns of owners that hold what a user's row says: its id, or its organization."""
    by_name = {model.name: model for model in models.values()}
    own = by_name.get(model_of(row))
    held = row.as_dict()
    found: dict[str, object] = {}
    for model in by_name.values():
        for name in model.columns:
            parent = parent_by_name(name, by_name)
            if name == "id" or _OWNERS.fullmatch(name) is None:
                continue
            if own is not None and parent is not None and parent.name == own.name:
                found[name] = held["id"]
            elif name in held and held[name] is not None and model.name != model_of(row):
                found[name] = held[name]
            elif parent is None and _OF_USERS.fullmatch(name) is not None and name not in held:
                found[name] = held["id"]
    return found


# --- judging ----------------------------------------------------------------------------------------


def check_without_login(
    step: Step, operation: Operation, subject: Subject | None, *, sisters_refuse: bool
) -> Iterator[Found]:
    """Rows shown or changed without the credentials that are asked for.

    sisters_refuse: other operations on the same rows refuse requests without credentials.
    """
    if step.call.whom != "nobody" or not step.is_success:
        return
    words = [part for part in operation.path.split("/") if part and not part.startswith("{")]
    is_open = bool(words) and _OPEN.fullmatch(words[-1]) is not None and operation.method == "POST"
    if not operation.needs_login and (is_open or not sisters_refuse):
        return
    changes = [change for change in step.case.changes if not is_log(change.model)]
    shown = [each for each in _shown(step, subject) if each.row is not None]
    if changes or shown:
        why = "the description asks for them" if operation.needs_login else "others on the same rows refuse without"
        what, models, lines = _told(changes, shown)
        yield Found(
            "works-without-login",
            f"{step.case.outcome} without credentials, and {what} {models[0]}",
            "let the operation depend on the user, as the others do",
            models,
            lines,
            f"credentials are needed: {why}",
        )


def check_other_user(
    step: Step, subject: Subject | None, identities: Identities, mine: Collection[tuple[str, str]]
) -> Iterator[Found]:
    """Rows of the user that another one is shown, or changed. mine: model and id of rows that are the user's."""
    if step.call.whom != "other" or not step.is_success:
        return

    def is_mine(model: Model | None, row: Row | None) -> bool:
        if model is None or row is None:
            return False
        return (model.name, str(row.as_dict().get("id"))) in mine or identities.whose(row, model) == "user"

    changed = [change for change in step.case.changes if is_mine(step.ledger.model(change.model), change.before)]
    shown = [each for each in _shown(step, subject) if is_mine(each.model, each.row)]
    if changed or shown:
        what, models, lines = _told(changed, shown)
        yield Found(
            "other-user",
            f"{step.case.outcome} to another user, and {what} a row of the first one",
            "look for the row among those of the user: filter by the owner, and answer 404",
            models,
            lines,
        )


def _told(changes: Sequence[Change], shown: Sequence[Shown]) -> tuple[str, list[str], Sequence[str]]:
    """What was done with rows in a word, their models, and a line for each: what changed goes before what was shown."""
    models = {change.model for change in changes} or {each.model.name for each in shown}
    lines = listing(changes)[:_MOST] or [f"{each.model.name} {each.item['id']!r}" for each in shown[:_MOST]]
    return "changed" if changes else "shows", sorted(models), lines


def _shown(step: Step, subject: Subject | None) -> Sequence[Shown]:
    about = subject.model if subject is not None and not subject.is_action else None
    return shown_rows(step.case, step.ledger, about)


def is_refused(step: Step) -> bool:
    """Whether credentials are what was missing."""
    return step.case.status in (401, 403)


def collection_of(subject: Subject | None, operation: Operation) -> str:
    """What operations on the same rows have in common."""
    return operation.collection if subject is None else subject.model.name
