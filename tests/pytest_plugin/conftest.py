"""`project` and `shop`: applications on DataFlow, to run pytest sessions on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from inner_session import Project
from warm_python import WarmPython


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, warm_python: WarmPython) -> Iterator[Project]:
    """An empty project, with storage of its own for the kit's files."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-", dir=memory) as storage:
        Path(storage).chmod(0o711)  # a server does not run as root, and must get there
        yield Project(pytester.path, monkeypatch, Path(storage), warm_python)


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with the small application, and the settings that name it."""
    project.shop()
    return project
