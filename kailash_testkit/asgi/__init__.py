"""The ASGI client: calls an application in this process the way a server would.

Here live the client (`ApiClient`), the transport under it, the application's lifespan, and the text of failed
status expectations. A request runs in a fresh task with a fresh context, bodies stream in both directions,
and no failure of the application gets lost. What does not live here: anything that knows Kailash, DataFlow, a
database or pytest; the kit is handed through untouched. Websockets are not spoken.
"""

from kailash_testkit.asgi.client import ApiClient
from kailash_testkit.asgi.expectation import Expectation
from kailash_testkit.asgi.lifespan import Lifespan
from kailash_testkit.asgi.outcome import OUTCOME, RAISE_APP_EXCEPTIONS, Outcome
from kailash_testkit.asgi.server import AppServer
from kailash_testkit.asgi.transport import AppTransport

__all__ = [
    "ApiClient",
    "AppServer",
    "AppTransport",
    "Expectation",
    "Lifespan",
    "OUTCOME",
    "Outcome",
    "RAISE_APP_EXCEPTIONS",
]
