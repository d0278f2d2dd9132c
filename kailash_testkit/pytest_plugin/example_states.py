"""The state in which each example of a property begins: rows, row numbers, and the clients' cookies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kailash_testkit.factories import numbering

if TYPE_CHECKING:
    from kailash_testkit import http_library as httpx
    from kailash_testkit.client import ApiClient, SyncApiClient
    from kailash_testkit.isolation.levels import State
    from kailash_testkit.isolation.sandbox import Sandbox
    from kailash_testkit.kit import Kit
    from kailash_testkit.store.write_log import Write


@dataclass
class _Start:
    """What was there when a property's first example began."""

    rows: dict[Sandbox, State]
    writes: Mapping[Kit, Counter[Write]]
    counted: Mapping[str, int]
    cookies: list[tuple[ApiClient | SyncApiClient, httpx.Cookies]]


class ExampleStates:
    """Puts back, before each further example of a property, what was there before its first.

    kits, clients: those that are open now.
    """

    def __init__(self, kits: Callable[[], list[Kit]], clients: Callable[[], list[ApiClient | SyncApiClient]]) -> None:
        self._kits = kits
        self._clients = clients
        self._run: object = None
        self._start: _Start | None = None

    def begin(self, run: object) -> None:
        """An example begins. run: the property that it belongs to. Raises `DatabaseBusy`."""
        if run is self._run and self._start is not None:
            self._return_to(self._start)
        else:
            self._run, self._start = run, self._now()

    def forget(self) -> None:
        """The test is over."""
        self._run = self._start = None

    def _now(self) -> _Start:
        sandboxes = {kit.sandbox for kit in self._kits()}
        return _Start(
            rows={sandbox: sandbox.state() for sandbox in sandboxes},
            writes={kit: kit.store.own_writes.counted() for kit in self._kits()},
            counted=numbering.current().counted(),
            cookies=[(client, _copied(client.cookies)) for client in self._clients()],
        )

    def _return_to(self, start: _Start) -> None:
        for kit in self._kits():
            sandbox = kit.sandbox
            known = start.rows.get(sandbox)  # None for one that an example opened: nobody else has rows in it
            if known is None or not sandbox.return_to(known):  # an example that reset the kit went further back
                sandbox.settle()
                start.rows[sandbox] = sandbox.state()
            kit.explainer.went_back()
            kit.store.own_writes.go_back(start.writes.get(kit))
        numbering.current().count_from(start.counted)
        for client, cookies in start.cookies:
            client.cookies = cookies


def _copied(cookies: httpx.Cookies) -> httpx.Cookies:
    from kailash_testkit import http_library as httpx

    return httpx.Cookies(cookies)
