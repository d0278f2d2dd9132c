"""A Redis server of the tests' own; the one on its usual port is not ours to write to."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Its URL; the test is skipped where Redis is not installed."""
    pytest.importorskip("redis", reason="the package redis is not installed")
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    tries = (_started(folder) for _ in range(5))
    server, port = next(filter(None, tries))  # another process may take the port first
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def _started(folder: Path) -> tuple[subprocess.Popen[bytes], int] | None:
    """A server on a free port, when it answers; None if it ended because the port was not free any more."""
    import redis

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with closing(redis.Redis(port=port)) as client:
        while server.poll() is None:
            with contextlib.suppress(redis.exceptions.RedisError):
                if client.info("server")["process_id"] == server.pid:
                    return server, port
            time.sleep(0.05)
    return None
