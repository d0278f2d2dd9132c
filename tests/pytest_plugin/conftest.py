"""`shop`: a project with an application on DataFlow, to run pytest sessions on."""

from __future__ import annotations

import pytest
from inner_session import Project


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with the small application, and the settings that name it."""
    project.shop()
    return project
