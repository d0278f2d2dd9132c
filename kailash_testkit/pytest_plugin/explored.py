"""The fixture `explored_operation`: a test that asks for it is one item for each operation of the application's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.pytest_plugin.session import SESSION

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient
    from kailash_testkit.exploration import ExploredOperation

NAME: Final = "explored_operation"
_BY_HAND: Final = "parametrize the test with their names, and call kit.explore(api, schema=..., operations=[name])"


@pytest.fixture
def explored_operation(request: pytest.FixtureRequest, api: ApiClient) -> ExploredOperation:
    """One operation of the API: ``await explored_operation.explore()``. The test runs once for each."""
    from kailash_testkit.exploration import ExploredOperation

    return ExploredOperation(request.param, api)


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Gives a test that asks for the fixture the operations. Raises `ConfigurationError`."""
    if NAME in metafunc.fixturenames:
        metafunc.parametrize(NAME, operations(metafunc.config), indirect=True)


def operations(config: pytest.Config) -> list[str]:
    """The operations of the application that ``testkit_app`` names, by its own description."""
    from kailash_testkit.explore.documents import own_document
    from kailash_testkit.explore.operations import operations_of
    from kailash_testkit.importer import load_app

    target = config.stash[SESSION].settings.app
    if not target:
        raise ConfigurationError(
            f"{NAME}: the operations are not known before the tests run",
            why="testkit_app is not set in pytest's settings",
            do=f'set testkit_app = "package.module:app"; or {_BY_HAND}',
        )
    app: Any = load_app(target)
    document = own_document(app)
    if document is None:
        raise ConfigurationError(f"{NAME}: the application has no OpenAPI description of its own", do=_BY_HAND)
    return [each.label for each in operations_of(document)]
