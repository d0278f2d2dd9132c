"""The application's calls that were never awaited: nothing of what they were to do has happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from kailash_testkit.asgi.timeline import CURRENT, TimedRequest
from kailash_testkit.concurrency import unawaited

_LENGTH: Final = 50
_WRITES: Final = ("create", "update", "delete", "upsert", "execute", "save", "import")


@dataclass(frozen=True)
class NeverAwaited:
    """A coroutine that nobody awaited. call: its function. models: texts that it was given. where: who let go of it."""

    call: str
    models: tuple[str, ...]
    where: str
    request: TimedRequest | None

    @property
    def writes(self) -> bool:
        """Whether it is a function of DataFlow that writes, by its name."""
        return any(word in self.call.rpartition(".")[2] for word in _WRITES)

    def __str__(self) -> str:
        given = f"({self.models[0]!r}, ...)" if self.models else "(...)"
        during = f" during {self.request.line()}" if self.request else ""
        return f"{self.call}{given} was called and never awaited{during}{self.where}"


class UnawaitedLog:
    """The last such calls within requests, oldest first. Observes from `start` to `stop`."""

    def __init__(self) -> None:
        self._found: deque[NeverAwaited] = deque(maxlen=_LENGTH)

    def start(self) -> None:
        """Begins to observe. Idempotent."""
        unawaited.observe(self._keep)

    def stop(self) -> None:
        """Ends it. Idempotent."""
        unawaited.ignore(self._keep)

    def clear(self) -> None:
        """Forgets all: another test begins."""
        self._found.clear()

    def _keep(self, coroutine: Any, frame: FrameType | None) -> None:
        request = CURRENT.get(None)
        if request is None:
            return
        started: FrameType | None = getattr(coroutine, "cr_frame", None)
        arguments: Mapping[str, Any] = {} if started is None else started.f_locals
        model = arguments.get("model", arguments.get("model_name"))
        models = (model,) if isinstance(model, str) else ()
        where = f", in {Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame is not None else ""
        name = str(getattr(coroutine, "__qualname__", "a coroutine")).replace("DataFlowExpress.", "express.")
        self._found.append(NeverAwaited(name, models, where, request))

    def __iter__(self) -> Iterator[NeverAwaited]:
        return iter(self._found)

    def of(self, request: TimedRequest | None) -> list[NeverAwaited]:
        """Those of one request."""
        return [each for each in self if each.request is request and request is not None]
