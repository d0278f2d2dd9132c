"""Bodies of answers that note what a test reads of them.

A body is a dict, or a list, with all that these have. What reads it without asking, as pydantic does, is not seen: a
body that was handed out, and of which nothing is seen to be read, counts as read as a whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from kailash_testkit import looks

_LIBRARIES: Final = ("httpx", "httpx2", "starlette", "fastapi")


class Answer:
    """The answer of one request, and what was read of it.

    objects: the JSON objects in it that were read, each with the keys. whole: all of it was.
    """

    def __init__(self, request: Any) -> None:
        self.request = request
        self.is_whole = False
        self.is_handed_out = False
        self.is_touched = False
        self.bodies: list[object] = []
        self.read: dict[int, tuple[dict[str, Any], set[str]]] = {}

    def note(self, body: dict[str, Any], keys: Iterable[str]) -> None:
        """Keys of an object were read."""
        self.is_touched = True
        self.read.setdefault(id(body), (body, set()))[1].update(keys)

    def body(self, content: object) -> object:
        """The parsed body, tracked."""
        found = _tracked(content, self)
        self.bodies.append(found)
        return found

    def objects(self) -> Iterator[tuple[dict[str, Any], set[str]]]:
        """The objects with the keys that a test read."""
        if self.is_whole or (self.is_handed_out and not self.is_touched):
            for body in self.bodies:
                yield from _all_objects(body)
        else:
            yield from self.read.values()

    @property
    def is_read(self) -> bool:
        """Whether a test read anything of it."""
        return self.is_whole or self.is_handed_out or self.is_touched


def observed(kind: Any) -> Any:
    """The class of responses that notes what is read of a body. kind: that of a library."""

    def json(self: Any, *args: Any, **options: Any) -> object:
        content: object = kind.json(self, *args, **options)
        if not looks.is_own(sys._getframe(1)):  # pyright: ignore[reportPrivateUsage] - documented
            self.testkit_answer.is_handed_out = True
        found: object = self.testkit_answer.body(content)
        return found

    def whole(self: Any, found: object) -> object:
        if not looks.is_own(sys._getframe(2), *_LIBRARIES):  # pyright: ignore[reportPrivateUsage]
            self.testkit_answer.is_whole = True
            self.testkit_answer.bodies.append(_parsed(lambda: kind.json(self)))
        return found

    members = {
        "json": json,
        "content": property(lambda self: whole(self, kind.content.fget(self))),
        "text": property(lambda self: whole(self, kind.text.fget(self))),
        "__module__": kind.__module__,
    }
    return type(kind.__name__, (kind,), members)


def _parsed(parse: Callable[[], Any]) -> object:
    try:
        return cast("object", parse())
    except ValueError:
        return None


def _tracked(content: object, answer: Answer) -> object:
    if isinstance(content, dict):
        entries = cast("dict[str, object]", content)
        return TrackedObject(answer, {name: _tracked(value, answer) for name, value in entries.items()})
    if isinstance(content, list):
        return TrackedList(answer, [_tracked(value, answer) for value in cast("list[object]", content)])
    return content


def _all_objects(content: object) -> Iterator[tuple[dict[str, Any], set[str]]]:
    if isinstance(content, dict):
        body = cast("dict[str, Any]", content)
        yield body, {*body}
        for value in body.values():
            yield from _all_objects(value)
    elif isinstance(content, list):
        for value in cast("list[object]", content):
            yield from _all_objects(value)


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind)


def _by_test() -> bool:
    return not looks.is_own(sys._getframe(2))  # pyright: ignore[reportPrivateUsage] - documented


class TrackedObject(dict[str, Any]):
    """A JSON object that notes which of its values are read by other code than the kit's."""

    __slots__ = ("_answer",)

    def __init__(self, answer: Answer, content: dict[str, Any]) -> None:
        super().__init__(content)
        self._answer = answer

    def __getitem__(self, key: str, /) -> Any:
        if _by_test():
            self._answer.note(self, (key,))
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None, /) -> Any:
        if _by_test():
            self._answer.note(self, (key,))
        return super().get(key, default)

    def pop(self, key: str, /, *default: Any) -> Any:
        if _by_test():
            self._answer.note(self, (key,))
        return super().pop(key, *default)

    def __contains__(self, key: object, /) -> bool:
        if _by_test():
            self._answer.note(self, ())
        return super().__contains__(key)

    def __len__(self) -> int:
        if _by_test():
            self._answer.note(self, ())
        return super().__len__()

    def __iter__(self) -> Iterator[str]:
        if _by_test():
            self._answer.note(self, ())
        return super().__iter__()

    def keys(self) -> Any:
        if _by_test():
            self._answer.note(self, ())
        return super().keys()

    def items(self) -> Any:
        if _by_test():
            self._all()
        return super().items()

    def values(self) -> Any:
        if _by_test():
            self._all()
        return super().values()

    def copy(self) -> dict[str, Any]:
        if _by_test():
            self._all()
        return {**self}

    def __or__(self, other: Any, /) -> Any:
        if _by_test():
            self._all()
        return super().__or__(other)

    def __eq__(self, other: object, /) -> bool:
        if _is(other, dict) and _by_test():
            self._all()
        return super().__eq__(other)

    def __ne__(self, other: object, /) -> bool:
        if _is(other, dict) and _by_test():
            self._all()
        return super().__ne__(other)

    __hash__ = None

    def _all(self) -> None:
        for body, keys in _all_objects(self):
            self._answer.note(body, keys)

    def __reduce__(self) -> tuple[object, ...]:
        self._all()
        return dict, ({**self},)


class TrackedList(list[Any]):
    """A JSON list that notes that it is read."""

    __slots__ = ("_answer",)

    def __init__(self, answer: Answer, content: list[Any]) -> None:
        super().__init__(content)
        self._answer = answer

    def __getitem__(self, place: Any, /) -> Any:
        self._touch()
        return super().__getitem__(place)

    def __iter__(self) -> Iterator[Any]:
        self._touch()
        return super().__iter__()

    def __len__(self) -> int:
        self._touch()
        return super().__len__()

    def __contains__(self, item: object, /) -> bool:
        self._touch()
        return super().__contains__(item)

    def __eq__(self, other: object, /) -> bool:
        self._compared(other)
        return super().__eq__(other)

    def __ne__(self, other: object, /) -> bool:
        self._compared(other)
        return super().__ne__(other)

    __hash__ = None

    def _touch(self) -> None:
        if not looks.is_own(sys._getframe(2)):  # pyright: ignore[reportPrivateUsage]
            self._answer.is_touched = True

    def _compared(self, other: object) -> None:
        if _is(other, list) and not looks.is_own(sys._getframe(2)):  # pyright: ignore[reportPrivateUsage]
            self._answer.is_touched = True
            for body, keys in _all_objects(self):
                self._answer.note(body, keys)

    def __reduce__(self) -> tuple[object, ...]:
        self._answer.is_touched = True
        return list, ([*self],)
