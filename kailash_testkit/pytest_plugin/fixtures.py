"""The fixtures. `testkit_dataflow` and `testkit_app` may be overridden: see `overriding`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.pytest_plugin.session import SESSION

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient, SyncApiClient
    from kailash_testkit.databases import Database
    from kailash_testkit.kit import Kit


@pytest.fixture(scope="session")
def testkit_dataflow(request: pytest.FixtureRequest) -> Any:
    """The DataFlow instance under test: what ``testkit_dataflow`` in the ini file names."""
    session = request.config.stash[SESSION]
    if not session.settings.dataflow:
        raise ConfigurationError(
            "the kit does not know where the DataFlow instance lives",
            do='set testkit_dataflow = "package.module:db" under [tool.pytest.ini_options], '
            "or define a fixture testkit_dataflow",
        )
    return session.under_test.dataflows.load(lambda made: session.awaited(made, request))[0]


@pytest.fixture(scope="session")
def testkit_app(request: pytest.FixtureRequest) -> Any:
    """The ASGI application under test: what ``testkit_app`` in the ini file names. Imported once."""
    from kailash_testkit.importer import load_app

    session = request.config.stash[SESSION]
    if not session.settings.app:
        raise ConfigurationError(
            "the kit does not know where the ASGI application lives",
            do='set testkit_app = "package.module:app" under [tool.pytest.ini_options], '
            "or define a fixture testkit_app",
        )
    return load_app(session.settings.app, lambda made: session.awaited(made, request))


def open_kit(request: pytest.FixtureRequest, testkit_dataflow: Any) -> Kit:
    """The `Kit` for the DataFlow under test, open as long as `testkit_dataflow` is."""
    return request.config.stash[SESSION].under_test.open_kit(testkit_dataflow, given=True)


def open_kits(request: pytest.FixtureRequest, kit: Kit) -> tuple[Kit, ...]:
    """The kit of each DataFlow instance under test, in the order of ``testkit_dataflow``; `kit` is the first."""
    return request.config.stash[SESSION].under_test.beside(kit)


def database_of(kit: Kit) -> Database:
    """The test database, as the kit sees it."""
    return kit.database


kit = pytest.fixture(scope="session", name="kit")(open_kit)
testkit_kits = pytest.fixture(scope="session", name="testkit_kits")(open_kits)
testkit_database = pytest.fixture(scope="session", name="testkit_database")(database_of)


@pytest.fixture
def api(request: pytest.FixtureRequest, kit: Kit, testkit_app: Any) -> ApiClient:
    """An `ApiClient` for the application under test; its lifespan starts with the first request."""
    return request.config.stash[SESSION].application.client(testkit_app, kit)


@pytest.fixture
def sync_api(request: pytest.FixtureRequest, kit: Kit, testkit_app: Any) -> SyncApiClient:
    """A `SyncApiClient` for the application under test, for tests, fixtures and steps that are no coroutines."""
    return request.config.stash[SESSION].application.sync_client(testkit_app, kit)


@pytest.fixture
def testkit_api(api: ApiClient) -> ApiClient:
    """`api`, for projects that have an ``api`` of their own."""
    return api
