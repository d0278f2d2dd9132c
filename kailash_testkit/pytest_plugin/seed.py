"""The seed of the session: from ``--testkit-seed``, the ini option, or pytest-randomly."""

from __future__ import annotations

from typing import Final

import pytest

from kailash_testkit.factories import random_seed

_BEFORE: Final[pytest.StashKey[int]] = pytest.StashKey()


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini("testkit_seed", "seed of the values that factories draw, a whole number", default="")
    parser.getgroup("kailash-testkit").addoption(
        "--testkit-seed",
        type=int,
        metavar="N",
        help="seed of the values that factories draw (choice, fake); by default pytest-randomly's, else 0",
    )


def configure(config: pytest.Config) -> None:
    """Makes the seed the one that factories draw from. Raises `pytest.UsageError`."""
    config.stash[_BEFORE] = random_seed.current_seed()
    random_seed.use_seed(_chosen(config)[0])


def unconfigure(config: pytest.Config) -> None:
    """Puts the seed back that an outer session has."""
    before = config.stash.get(_BEFORE, None)
    if before is not None:
        random_seed.use_seed(before)


def describe(config: pytest.Config) -> str:
    """The seed, and whose it is, for the report's header."""
    seed, source = _chosen(config)
    return f"seed {seed} ({source})" if source else f"seed {seed}"


def _chosen(config: pytest.Config) -> tuple[int, str]:
    given: int | None = config.getoption("testkit_seed")
    if given is not None:
        return given, ""
    setting: str = config.getini("testkit_seed")
    if setting:
        try:
            return int(setting), ""
        except ValueError:
            raise pytest.UsageError(f"testkit_seed = {setting!r} is not a whole number") from None
    # pytest-randomly resolves "default" and "last" in its own pytest_configure, on xdist's workers too.
    randomly: object = getattr(config.option, "randomly_seed", None)
    if isinstance(randomly, int) and config.pluginmanager.hasplugin("randomly"):
        return randomly, "pytest-randomly's"
    return random_seed.DEFAULT_SEED, ""
