"""The server that a benchmark measures: a private one, as tests have it unless told otherwise, or one that is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from kailash_testkit.databases.servers import started

VARIABLES = {"postgresql": "KAILASH_TESTKIT_POSTGRESQL_URL", "mysql": "KAILASH_TESTKIT_MYSQL_URL"}

_urls: dict[str, str] = {}


@contextmanager
def serving(*kinds: str) -> Iterator[None]:
    """For a block there is a server of each kind; a variable names one, by a user who may make databases."""
    with ExitStack() as stack:
        for kind in kinds:
            url = os.environ.get(VARIABLES[kind])
            if url is None:
                server = stack.enter_context(started(kind))
                server.create("measured")
                url = server.url("measured")
            _urls[kind] = url
        yield


def server_url(kind: str) -> str:
    """Its URL, within `serving`."""
    return _urls[kind]
