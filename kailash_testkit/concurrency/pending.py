"""`Pending`: the result of an async method, which tells the test author when ``await`` was forgotten."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar

from kailash_testkit.errors import NotAwaited

P = ParamSpec("P")
T = TypeVar("T")


class Pending(Coroutine[Any, Any, T], Generic[T]):
    """A coroutine: ``await`` it, or hand it to ``asyncio.gather``, ``create_task`` and their like.

    Any other use (an attribute, a truth test, a comparison, a loop) raises `NotAwaited`, because a
    bare coroutine would be true, unequal to everything, and would have stored nothing.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T], name: str) -> None:
        self._coroutine = coroutine
        self._name = name
        self._started = False

    def __await__(self) -> Generator[Any, Any, T]:
        self._started = True
        return self._coroutine.__await__()

    def send(self, value: Any, /) -> Any:
        self._started = True
        return self._coroutine.send(value)

    def throw(
        self,
        typ: Any,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Any:
        self._started = True
        return self._coroutine.throw(typ) if val is None else self._coroutine.throw(typ, val, tb)

    def close(self) -> None:
        self._started = True
        self._coroutine.close()

    def __del__(self) -> None:
        if not self._started:
            self._coroutine.close()
            warnings.warn(f"{self._name}(...) was never awaited: nothing was done", RuntimeWarning, stacklevel=2)

    if not TYPE_CHECKING:  # for a type checker these do not exist, so that it refuses them itself

        def _misused(self, *_: object) -> NoReturn:
            self.close()
            raise NotAwaited(
                f"{self._name}(...) was used without await",
                why="an async method does nothing until it is awaited",
                do=f"write: await {self._name}(...)",
            )

        def __getattr__(self, attribute: str) -> NoReturn:
            if attribute.startswith(("__", "cr_", "gi_", "ag_")):  # asked by asyncio's debugging aids
                raise AttributeError(attribute)
            self._misused()

        def __bool__(self) -> bool:
            if not self._started:
                self._misused()
            return True  # asked by asyncio for the repr of its task

        __len__ = __iter__ = __getitem__ = __contains__ = _misused
        __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _misused
        __hash__ = object.__hash__


def pending(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Pending[T]]:
    """Decorates an async method so that calling it returns a `Pending`, which names the class of the object."""

    @functools.wraps(method)
    def start(*args: P.args, **kwargs: P.kwargs) -> Pending[T]:
        return Pending(method(*args, **kwargs), f"{type(args[0]).__name__}.{method.__name__}")

    return start
