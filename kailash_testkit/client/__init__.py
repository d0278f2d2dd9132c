"""The client of a test: httpx's API on an application in this process or at a URL, expectations, and resources.

What is not here: how a request reaches an application (`asgi`).
"""

from kailash_testkit.client.client import ApiClient
from kailash_testkit.client.expectation import Expectation
from kailash_testkit.client.sync_client import SyncApiClient

__all__ = ["ApiClient", "Expectation", "SyncApiClient"]
