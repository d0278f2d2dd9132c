"""Objects of the HTTP library that the client does not use: refused by name, since some would be misread in silence."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import cast

from kailash_testkit import http_library
from kailash_testkit.errors import ConfigurationError


def refuse_other_library(values: Iterable[object]) -> None:
    """Raises `ConfigurationError` when a value, or one in a mapping, is of httpx where the client is of httpx2, or
    the other way round."""
    mine = http_library.in_use()
    others = [name for name in http_library.NAMES if name != mine and name in sys.modules]
    if not others:
        return
    for value in values:
        inner = cast("dict[object, object]", value).values() if isinstance(value, dict) else ()
        for each in (cast("object", value), *inner):
            if http_library.is_of_library(each, *others):
                raise _refused(type(each), mine)


def _refused(kind: type, mine: str) -> ConfigurationError:
    other = next(name for name in http_library.NAMES if name != mine)
    return ConfigurationError(
        f"{kind.__qualname__} is of {other}, and the client of {mine}",
        why=f"the two libraries have the same names, and do not take each other's objects; the client uses {mine} "
        f"because {_reason(mine)}",
        do=f"import it from {mine}; or let the client use the other one: testkit_httpx = {other} in pytest's settings, "
        f"{http_library.VARIABLE}={other} elsewhere",
    )


def _reason(mine: str) -> str:
    return "httpx2 is installed" if mine == "httpx2" and not http_library.preferred() else "it was told to"
