"""Threads and processes that do not end with the test that started them."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from types import FrameType
from typing import Any, Final, Generic, TypeVar

from kailash_testkit.concurrency.tasks import ENDLESS

T = TypeVar("T")

_LIBRARIES: Final = frozenset(("kailash", "dataflow", "kailash_testkit", "aiosqlite", "anyio"))
_OF_LIBRARIES: Final = _LIBRARIES | sys.stdlib_module_names
_WAITING_LIBRARIES: Final = _LIBRARIES | {"asyncio", "concurrent", "logging"}
_POOL: Final = "concurrent.futures.thread"
_HELPERS: Final = (b"multiprocessing.resource_tracker", b"multiprocessing.forkserver")


class Workers(ABC, Generic[T]):
    """Knows which of them a test may leave running: those that others started."""

    kind: str

    def __init__(self) -> None:
        self._known: set[T] = set()

    @abstractmethod
    def running(self) -> set[T]:
        """All that run now, as far as they may write by themselves."""

    @abstractmethod
    def _described(self, found: set[T]) -> list[str]: ...

    def remember(self, before: set[T] | None = None) -> None:
        """What runs now may go on; given ``before``, only what did not run then, and what was known."""
        running = self.running()
        self._known = running if before is None else self._known & running | running - before

    def left(self) -> list[str]:
        """The others, in words."""
        found = self.running() - self._known
        return self._described(found) if found else []


class Threads(Workers[threading.Thread]):
    """Threads that a test started, and threads of pools that work on what a test gave them."""

    kind = "thread"

    def running(self) -> set[threading.Thread]:
        if threading.active_count() == 1:  # nearly always before anything is connected
            return set()
        frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage] - the only way, and documented
        current = threading.current_thread()
        threads = [(thread, frames.get(thread.ident or 0)) for thread in threading.enumerate() if thread is not current]
        return {thread for thread, frame in threads if _may_write(thread, frame)}

    def _described(self, found: set[threading.Thread]) -> list[str]:
        return sorted(repr(thread.name) for thread in found)


def _may_write(thread: threading.Thread, frame: FrameType | None) -> bool:
    entry = _entry(frame)
    return not _is_of_library(thread, entry) or _has_work(thread, frame, entry)


def _is_of_library(thread: threading.Thread, entry: list[FrameType] | None) -> bool:
    """Whether it waits for work, such as those of pools and of database connections."""
    target = getattr(thread, "_target", None)
    modules = [getattr(target, "__module__", None) or type(thread).__module__]
    if entry is not None:
        modules.append(_package(entry[-1]))
    return any(str(module).split(".")[0] in _WAITING_LIBRARIES for module in modules)


def _entry(frame: FrameType | None) -> list[FrameType] | None:
    """The frames of what a thread was started to do, innermost first, without what lies around it.

    The last is the function that ``Thread.run`` called, or the overridden ``run``. Sentry, OpenTelemetry, debuggers
    and others put a function of their own around ``run`` or around the thread's start.
    """
    frames: list[FrameType] = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    for place, candidate in enumerate(frames):
        in_threading = candidate.f_globals.get("__name__") == "threading"
        if in_threading and candidate.f_code.co_name in ("run", "_bootstrap_inner", "_bootstrap"):
            return frames[:place] or None
    return frames or None


def _has_work(thread: threading.Thread, frame: FrameType | None, entry: list[FrameType] | None) -> bool:
    """Whether a library's thread has work of somebody else's."""
    target = getattr(thread, "_target", None)
    if getattr(target, "__module__", None) != _POOL or frame is None:
        return _runs_other_code(entry or [])
    queue = getattr(sys.modules[_POOL], "_threads_queues", {}).get(thread)
    if queue is not None and not queue.empty():
        return True  # it has not come to it yet
    if frame.f_code.co_name == "_worker" and frame.f_globals.get("__name__") == _POOL:
        return False  # it waits
    return not _runs_endless_library_code(frame)


def _runs_endless_library_code(frame: FrameType | None) -> bool:
    """Whether what the pool calls is a library's own housekeeping."""
    called: FrameType | None = None
    while frame is not None and frame.f_globals.get("__name__") != _POOL:
        called, frame = frame, frame.f_back
    if called is None:
        return False
    module = str(called.f_globals.get("__name__", "")).split(".")[0]
    return module in _LIBRARIES and ENDLESS.search(called.f_code.co_name) is not None


def _runs_other_code(frames: list[FrameType]) -> bool:
    """Whether the library whose thread it is, innermost first, has called somebody else's code."""
    called = [_package(frame) for frame in reversed(frames)]
    inside = itertools.dropwhile(lambda package: package not in _WAITING_LIBRARIES, called)  # a tool's wrapper first
    return any(package not in _OF_LIBRARIES for package in inside)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).split(".")[0]


def end_forgotten_connections() -> None:
    """Lets the interpreter exit: the thread of an aiosqlite connection that nobody closed would wait for ever.

    DataFlow forgets some when requests write at the same time, or are cancelled. aiosqlite ends their
    threads when they are collected, but not where warnings are errors.
    """
    aiosqlite = sys.modules.get("aiosqlite.core")
    worker = getattr(aiosqlite, "_connection_worker_thread", None)
    stop = getattr(aiosqlite, "_STOP_RUNNING_SENTINEL", None)
    for thread in threading.enumerate():
        if worker is not None and stop is not None and getattr(thread, "_target", None) is worker:
            (queue,) = getattr(thread, "_args", (None,))
            if queue is not None:
                queue.put_nowait((None, lambda: stop))
        elif stop is not None and type(thread).__module__ == "aiosqlite.core":  # before 0.22 the connection is a thread
            vars(thread)["_tx"].put_nowait(stop)


class Processes(Workers[int]):
    """Processes that a test started. Known on Linux; elsewhere only those of `multiprocessing`."""

    kind = "process"

    def running(self) -> set[int]:
        return _children()

    def _described(self, found: set[int]) -> list[str]:
        texts = map(_process, sorted(found - _pooled()))
        return [text for text in texts if text is not None]


def _children() -> set[int]:
    if not _has_children():
        return set()
    found: set[int] = set()
    try:
        for task in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{task}/children", "rb", buffering=0) as children:
                found.update(map(int, children.read().split()))
    except OSError:  # not on Linux, or a thread ended meanwhile
        multiprocessing = sys.modules.get("multiprocessing")
        if multiprocessing is not None:
            found.update(process.pid or 0 for process in multiprocessing.active_children())
    return found


def _has_children() -> bool:
    """Whether there is any at all: much cheaper than a look for them. Takes no child's result from anybody."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    except (AttributeError, OSError):  # a system without waitid
        return True
    return True


def _process(process: int) -> str | None:
    """None for one that has ended and waits to be asked for its result, and for Python's own helpers."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        return str(process) if not Path("/proc/self").exists() else None
    except OSError:
        return None
    if state in "ZX" or any(helper in command for helper in _HELPERS):
        return None
    words = command.replace(bytes(1), b" ").decode(errors="replace").split()
    return f"{process} ({' '.join(words)[:80]})"


def _pooled() -> set[int]:
    """The workers of process pools, which live as long as their pool and work on what they are given."""
    futures = sys.modules.get("concurrent.futures.process")
    if futures is None:
        return set()
    pools: list[Any] = [found for found in gc.get_objects() if type(found) is futures.ProcessPoolExecutor]
    idle = [pool for pool in pools if not getattr(pool, "_pending_work_items", None)]
    return {process for pool in idle for process in dict(getattr(pool, "_processes", None) or {})}
