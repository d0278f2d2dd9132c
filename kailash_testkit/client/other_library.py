"""Objects of the HTTP library that the client does not use: refused by name, since some would be misread in silence."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final, cast

from kailash_testkit import http_library
from kailash_testkit.errors import ConfigurationError

_MINE: Final = http_library.AsyncClient.__module__
_OTHER: Final = next(name for name in http_library.NAMES if name != _MINE)


def refuse_other_library(options: Mapping[str, object], *more: object) -> None:
    """Raises `ConfigurationError` when a value, or one in a dict, is of httpx where the client is of httpx2, or the
    other way round. options: of a request or a client."""
    if _OTHER not in sys.modules:  # as good as always
        return
    for value in (*more, *options.values()):
        inner = cast("dict[object, object]", value).values() if isinstance(value, dict) else ()
        for each in (cast("object", value), *inner):
            if http_library.is_of_library(each, _OTHER):
                raise _refused(type(each))


def _refused(kind: type) -> ConfigurationError:
    return ConfigurationError(
        f"{kind.__qualname__} is of {_OTHER}, and the client of {_MINE}",
        why=f"the two libraries have the same names, and do not take each other's objects; the client uses {_MINE} "
        f"because {_reason()}",
        do=f"import it from {_MINE}; or let the client use the other one: testkit_httpx = {_OTHER} in pytest's "
        f"settings, {http_library.VARIABLE}={_OTHER} elsewhere",
    )


def _reason() -> str:
    return "httpx2 is installed" if _MINE == "httpx2" and not http_library.preferred() else "it was told to"
