"""Lets nothing be said by the application while a command tries it."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Generator


@contextlib.contextmanager
def quiet() -> Generator[None, None, None]:
    """Failures are what is looked for: DataFlow need not log them, and its warnings are not the user's."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def unprinted() -> Generator[None, None, None]:
    """In `quiet`, where the kit is to learn from DataFlow's log which nodes failed: errors are logged, none is printed.

    Handlers that the application adds later than this print them.
    """
    manager, last_resort = logging.root.manager, logging.lastResort
    before = manager.disable
    loggers = [logging.root, *(each for each in manager.loggerDict.values() if isinstance(each, logging.Logger))]
    handlers = {handler for logger in loggers for handler in logger.handlers}
    for handler in handlers:
        handler.addFilter(_refuse)
    logging.lastResort = logging.NullHandler()
    logging.disable(logging.ERROR - 1)
    try:
        yield
    finally:
        logging.disable(before)
        logging.lastResort = last_resort
        for handler in handlers:
            handler.removeFilter(_refuse)


def _refuse(_: logging.LogRecord) -> bool:
    return False
