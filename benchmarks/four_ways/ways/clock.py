"""Measures a session: each test from the beginning of its set-up to the end of its teardown, but for the first.

The first test of a process makes the database and starts the application. Writes seconds into a file for each process:
``wall`` and ``processor`` of the tests, how many they are, and how many failed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

_NAME = f"clock-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}.json"


class Clock:
    def __init__(self) -> None:
        self.begun = False
        self.wall: list[float] = []
        self.processor: list[float] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        wall, processor = time.perf_counter(), time.process_time()
        try:
            return (yield)
        finally:
            if self.begun:
                self.wall.append(time.perf_counter() - wall)
                self.processor.append(time.process_time() - processor)
            self.begun = True

    def pytest_sessionfinish(self) -> None:
        if self.begun:
            read = {"tests": len(self.wall), "wall": sum(self.wall), "processor": sum(self.processor)}
            (Path(os.environ["WAYS_FOLDER"]) / _NAME).write_text(json.dumps(read))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Clock())
