"""A port for a server that is started later."""

from __future__ import annotations

import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"


class HeldPort:
    """A free port on the loopback interface, kept from others until `release`.

    It is bound and never listened on. On Linux a server can bind it meanwhile, since both allow their
    address to be used again (PostgreSQL and MariaDB do) and only one of them listens; elsewhere
    it must be released before.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind((LOOPBACK, 0))  # without SO_REUSEADDR: not one that another kit holds
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        """Gives the port back. Idempotent."""
        self._socket.close()
