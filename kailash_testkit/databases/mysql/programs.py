"""MariaDB's or MySQL's own programs: where they are, and how a private server is run with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kailash_testkit.databases.processes import ProcessFolder
from kailash_testkit.databases.servers import interface
from kailash_testkit.databases.servers.access import LOOPBACK
from kailash_testkit.errors import ServerUnavailable

_USUAL: Final = (
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/mysql/bin",
    "/usr/local/opt/mysql/bin",
    "/home/linuxbrew/.linuxbrew/bin",
)
# Nothing needs to survive a crash, and the files stay small.
_SETTINGS: Final = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=64M",
    "--sync-binlog=0",
    # each ALTER TABLE, one for each counter that is put back among them, would write statistics down anew
    "--innodb-stats-persistent=0",
    "--skip-log-bin",
    # MariaDB: a column dropped and added again at once leaves no trace, and other values
    "--loose-innodb-instant-alter-column-allowed=never",
)
_SMALL_LOG: Final = "--innodb-log-file-size=16M"


class Programs:
    """The server's program and, for MariaDB, the one that sets it up. See `Programs` for the methods."""

    def __init__(self, server: Path, installer: Path | None, user: str) -> None:
        self._server = server
        self._installer = installer
        self._user = user

    @property
    def origin(self) -> str:
        return str(self._server)

    def initialise(self, folder: ProcessFolder, password: str) -> bool:
        folder.write(
            "accounts.sql",
            f"CREATE USER '{self._user}'@'{LOOPBACK}' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL ON *.* TO '{self._user}'@'{LOOPBACK}' WITH GRANT OPTION;\n",
        )
        data = f"--datadir={folder.path / 'data'}"
        if self._installer is None:
            return folder.run([str(self._server), "--no-defaults", "--initialize-insecure", data])
        return folder.run(
            [
                str(self._installer),
                "--no-defaults",
                data,
                _SMALL_LOG,
                "--auth-root-authentication-method=socket",
                "--skip-test-db",
                "--skip-name-resolve",
            ]
        )

    def serve(self, folder: ProcessFolder, port: int) -> list[str]:
        own = ["--skip-mysqlx"] if self._installer is None else [_SMALL_LOG]
        return [
            str(self._server),
            "--no-defaults",
            f"--datadir={folder.path / 'data'}",
            f"--bind-address={LOOPBACK}",
            f"--port={port}",
            "--socket=socket",  # in the data directory; a whole path may be longer than systems allow
            "--pid-file=pid",
            f"--tmpdir={folder.path / 'tmp'}",
            f"--init-file={folder.path / 'accounts.sql'}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--max-connections=500",
            *_SETTINGS,
            *own,
        ]


def find_programs(title: str, user: str) -> interface.Programs:
    """The installed programs. Raises `ServerUnavailable`."""
    server = _found(("mariadbd", "mysqld") if title == "MariaDB" else ("mysqld", "mariadbd"))
    if server is not None:
        installer = _found(("mariadb-install-db", "mysql_install_db"))
        said = subprocess.run([server, "--version"], capture_output=True, text=True, check=False).stdout
        if "MariaDB" not in said:
            return Programs(server, None, user)
        if installer is not None:
            return Programs(server, installer, user)
    raise ServerUnavailable(
        f"no {title} to start a private server with",
        why="mariadbd and mysqld are neither on PATH nor in a usual place",
        do="install one (apt install mariadb-server, brew install mariadb), or give the URL of a server",
    )


def _found(names: Iterable[str]) -> Path | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), *_USUAL])
    programs = (shutil.which(name, path=path) for name in names)
    return next((Path(program).resolve() for program in programs if program), None)
