"""Where the ways without the kit keep their databases: beside the kit's, on the same server, one for each worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

SERVER = os.environ.get("WAYS_SERVER", "")  # the URL of a PostgreSQL server; without one, SQLite files
FOLDER = Path(os.environ.get("WAYS_FOLDER", "."))
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")


def url_of(name: str) -> str:
    """The URL of a database of this worker."""
    if SERVER:
        return f"{SERVER.rpartition('/')[0]}/{name}_{WORKER}"
    return f"sqlite:///{FOLDER}/{name}_{WORKER}.db"


class Places:
    """Makes and removes databases by name: files, or on a server through one connection."""

    def __init__(self) -> None:
        self._server: Any = None
        if SERVER:
            self._server = import_module("psycopg2").connect(SERVER)
            self._server.autocommit = True

    def run(self, statement: str) -> None:
        with self._server.cursor() as cursor:
            cursor.execute(statement)

    def create(self, name: str) -> str:
        """An empty database; its URL."""
        if SERVER:
            self.run(f"CREATE DATABASE {name}_{WORKER}")
        return url_of(name)

    def clone(self, template: str, name: str) -> str:
        """A database like another; its URL. DataFlow leaves a connection behind, and PostgreSQL wants none for this."""
        if SERVER:
            self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}_{WORKER}'")
            self.run(f"CREATE DATABASE {name}_{WORKER} TEMPLATE {template}_{WORKER}")
        else:
            shutil.copyfile(FOLDER / f"{template}_{WORKER}.db", FOLDER / f"{name}_{WORKER}.db")
        return url_of(name)

    def drop(self, name: str) -> None:
        """Also when somebody is still connected."""
        if SERVER:
            self.run(f"DROP DATABASE IF EXISTS {name}_{WORKER} WITH (FORCE)")
        else:
            for file in FOLDER.glob(f"{name}_{WORKER}.db*"):
                file.unlink()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The usual client, on an application that has started."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://office") as client,
    ):
        yield client
