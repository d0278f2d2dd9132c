"""Values as they are read and written back: text that is not UTF-8 keeps its bytes."""

from __future__ import annotations

from collections.abc import Iterable

Row = tuple[object, ...]


def exact_text(text: bytes) -> str:
    """A text factory that reads text that is not valid UTF-8 as well, keeping its bytes as surrogate escapes."""
    return text.decode("utf-8", "surrogateescape")


def bound(values: Iterable[object]) -> tuple[list[str], list[object]]:
    """What stands for the values in a statement, and what is bound to it.

    Text that is not UTF-8 was read with its bytes as surrogates; it goes back as these bytes.
    """
    placeholders: list[str] = []
    given: list[object] = []
    for value in values:
        if isinstance(value, str) and _has_surrogates(value):
            placeholders.append("CAST(? AS TEXT)")
            given.append(value.encode("utf-8", "surrogateescape"))
        else:
            placeholders.append("?")
            given.append(value)
    return placeholders, given


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
