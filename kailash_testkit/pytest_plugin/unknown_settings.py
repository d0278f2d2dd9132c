"""A misspelt setting is refused: pytest would warn of it at most, and tests would run as if it were not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pytest

from kailash_testkit.text import closest_match

_PREFIX: Final = "testkit_"


def refuse(config: pytest.Config) -> None:
    """Looks at what the settings' file and ``-o`` set, once the conftests have declared theirs.

    Raises `pytest.UsageError` for a name that begins as the kit's do, and that neither the kit nor a plugin declares.
    """
    file: Iterable[str] | None = getattr(config, "_inicfg", None)  # pytest before 9 calls it inicfg
    overriding: list[str] | None = config.known_args_namespace.override_ini
    _refuse(config, " after -o", [each.partition("=")[0].strip() for each in overriding or ()])
    _refuse(config, f" in {config.inipath}", getattr(config, "inicfg", ()) if file is None else file)


def _refuse(config: pytest.Config, place: str, names: Iterable[str]) -> None:
    for name in names:
        if not name.startswith(_PREFIX) or _is_declared(config, name):
            continue
        guess = closest_match(name.removeprefix(_PREFIX), _declared(config))
        raise pytest.UsageError(
            f"{name}{place}: there is no such setting"
            + (f": did you mean {_PREFIX}{guess}?" if guess else "")
            + f"\n  do:  correct the name; `pytest --help` lists those that begin with {_PREFIX}"
        )


def _is_declared(config: pytest.Config, name: str) -> bool:
    try:
        config.getini(name)
    except ValueError:
        return False
    return True


def _declared(config: pytest.Config) -> list[str]:
    """The names that begin with the prefix, without it."""
    declared: dict[str, Any] = getattr(getattr(config, "_parser", None), "_inidict", {})
    return [name.removeprefix(_PREFIX) for name in declared if name.startswith(_PREFIX)]
