"""How much of the kit a warm call passes through: its modules, and the calls of its functions.

    python benchmarks/calls.py [--list]

Counted is the second call of each kind, so that what is worked out once is worked out. Kailash, the drivers and the
application are not counted. ``--list`` names each function and how often it is called.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any, Self

from create import models

import kailash_testkit
from kailash_testkit import ApiClient, Factory, Kit
from kailash_testkit.databases.storage import RunFolder

PACKAGE = f"{Path(kailash_testkit.__file__).parent}{os.sep}"


class Calls:
    """Counts the calls of the kit's functions within a block; a coroutine that goes on is no further call."""

    def __init__(self) -> None:
        self.by_function: Counter[tuple[str, str]] = Counter()
        self._seen: list[FrameType] = []  # kept, so that no other frame gets the same id
        self._ids: set[int] = set()

    def __enter__(self) -> Self:
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        self._seen.clear()

    def _profile(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(PACKAGE) or id(frame) in self._ids:
            return
        if code.co_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"):  # no calls in later Pythons
            return
        self._seen.append(frame)
        self._ids.add(id(frame))
        module = code.co_filename.removeprefix(PACKAGE).removesuffix(".py").replace(os.sep, ".")
        self.by_function[module, code.co_qualname] += 1

    def report(self, name: str, *, each: bool) -> None:
        """Prints the numbers."""
        modules = {module for module, _ in self.by_function}
        print(f"{name:<28} {len(modules):4} modules   {self.by_function.total():5} calls")
        if each:
            for (module, function), number in sorted(self.by_function.items()):
                print(f"    {number:5}  {module}: {function}")


async def main(*, each: bool) -> None:
    """Prints modules and calls of a warm `create`, `create_many` and GET."""
    folder = RunFolder()
    folder.create()
    try:
        db = models(f"sqlite:///{folder.path / 'bench.db'}")
        orders = Factory("Order", dataflow=db)
        async with Kit(db) as kit, ApiClient(application, kit=kit) as api:
            ways: dict[str, Callable[[], Awaitable[object]]] = {
                "orders.create(...)": lambda: orders.create(status="paid"),
                "orders.create_many(10)": lambda: orders.create_many(10),
                'api.get("/orders/1")': lambda: api.get("/orders/1"),
            }
            for name, call in ways.items():
                await call()
                with Calls() as calls:
                    await call()
                calls.report(name, each=each)
    finally:
        folder.remove()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers everything at once, and has no start-up."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


if __name__ == "__main__":
    os.environ.setdefault("PYTEST_CURRENT_TEST", "benchmark")  # as in a test, Kailash starts no analytics tasks
    os.chdir(tempfile.gettempdir())  # DataFlow leaves a folder where it is started
    asyncio.run(main(each="--list" in sys.argv))
