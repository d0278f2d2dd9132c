"""An application with one planted fault, or a healthy one, and how it is driven."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from explored_orders import Orders
from explored_serving import Serve, by_fastapi, described

from kailash_testkit import ApiClient, Kit

ANN = {"Authorization": "Bearer ann-1"}
BOB = {"Authorization": "Bearer bob-1"}
TWO_USERS: Mapping[str, Any] = {"login": ANN, "as_other": BOB}
"""For `kit.explore`: whose requests they are."""


class Call(NamedTuple):
    """A request. status: of a healthy application's answer. ``$last`` is the id that was answered last."""

    method: str
    path: str
    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}


Build = Callable[[Any, bool], Any]
"""The application on a DataFlow; True for the one with the fault."""


@dataclass(frozen=True)
class App:
    """check, operation: by which check and where the fault is to be found; None for a healthy one.

    script: shows the fault; it answers or stores something else than the mended application.
    options: of `kit.explore`, beside what all are explored with. also: checks that see the fault too.
    small: whether the body of the request that is reported is minimal. mended: equal mended applications share it.
    """

    name: str
    build: Build
    check: str | None
    operation: str
    script: Sequence[Call]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    also: frozenset[str] = frozenset()
    small: Callable[[Any], bool] | None = None
    serve: Serve | None = None
    mended: str = ""

    def schema(self) -> dict[str, Any] | None:
        """The description, where the application has none."""
        return None if self.serve is None else described(self.serve)


FAULTY: list[App] = []
HEALTHY: list[App] = []


def planted(
    check: str,
    operation: str,
    *script: Call,
    also: Sequence[str] = (),
    small: Callable[[Any], bool] | None = None,
    **options: Any,
) -> Callable[[Build], Build]:
    """Adds a function that builds the application with the fault, and the mended one."""

    def add(build: Build) -> Build:
        FAULTY.append(App(build.__name__, build, check, operation, script, options, frozenset(also), small))
        return build

    return add


def planted_in_orders(
    check: str,
    operation: str,
    *script: Call,
    by: Serve = by_fastapi,
    also: Sequence[str] = (),
    small: Callable[[Any], bool] | None = None,
    **options: Any,
) -> Callable[[type[Orders]], type[Orders]]:
    """Adds orders that override what has the fault. The mended ones are those that they inherit from."""

    def add(faulty: type[Orders]) -> type[Orders]:
        def build(db: Any, is_faulty: bool) -> Any:
            return by((faulty if is_faulty else faulty.__mro__[1])(db))

        name = re.sub(r"(?<!^)(?=[A-Z])", "_", faulty.__name__).lower()
        mended = f"{faulty.__mro__[1].__name__} {by.__name__}"
        FAULTY.append(App(name, build, check, operation, script, options, frozenset(also), small, by, mended))
        return faulty

    return add


def healthy(*script: Call, **options: Any) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Adds a function that builds a healthy application."""

    def add(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
        HEALTHY.append(App(build.__name__, lambda db, _: build(db), None, "", script, options))
        return build

    return add


def in_words(finding: Any) -> str:
    """For messages."""
    return f"{finding.check} {finding.operation}"


# --- driving them by hand ----------------------------------------------------------------------------


async def played(kit: Kit, app: App, *, faulty: bool) -> tuple[list[int], list[object]]:
    """Sends the script: the statuses; the answers and the rows that are stored then, new ids by order of appearance."""
    statuses: list[int] = []
    seen: list[object] = []
    names: dict[str, str] = {}
    last = ""
    application = app.build(kit.dataflow, faulty)
    try:
        async with ApiClient(application, kit=kit, raise_app_exceptions=False) as api:
            for call in app.script:
                body = _filled(call.body, last)
                response = await api.request(
                    call.method, _filled(call.path, last), json=body, headers=dict(call.headers)
                )
                statuses.append(response.status_code)
                is_json = response.headers.get("content-type", "").startswith("application/json")
                answer = response.json() if is_json and response.content else response.text
                last = _id_in(answer) or last
                seen.append(_named(answer, names))
        seen.append(_named(await stored(kit), names))
    finally:
        if hasattr(application, "close"):
            application.close()
    return statuses, seen


async def stored(kit: Kit) -> dict[str, list[dict[str, Any]]]:
    """All rows, by table, without what differs by the clock."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in kit.store.models_by_table():
        rows = await kit.sql(f"SELECT * FROM {table} ORDER BY 1")
        found[table] = [{key: row[key] for key in row if not key.endswith(("ed_at", "last_seen"))} for row in rows]
    return found


def _filled(value: Any, last: str) -> Any:
    if isinstance(value, str):
        return value.replace("$last", last)
    if isinstance(value, dict):
        return {name: _filled(each, last) for name, each in value.items()}
    return value


def _id_in(answer: Any) -> str | None:
    found = answer.get("id") or (answer.get("outputs") or {}).get("id") if isinstance(answer, dict) else None
    return found if isinstance(found, str) else None


def _named(value: object, names: dict[str, str]) -> object:
    text = repr(value)
    for found in re.findall(r"\b[0-9a-f]{32}\b", text):
        text = text.replace(found, names.setdefault(found, f"new-{len(names)}"))
    return text
