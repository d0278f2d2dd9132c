"""How a private server will be reached: chosen before it is there, since URLs must name it."""

from __future__ import annotations

import secrets
import socket
import sys
from dataclasses import dataclass, field
from typing import Final, Self

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


@dataclass(frozen=True, slots=True)
class Access:
    """The port of a private server on the loopback interface, and the password of its one user."""

    port: int
    password: str = field(repr=False)

    @classmethod
    def on(cls, port: HeldPort) -> Self:
        """Access on a port that is held, with a new password."""
        if sys.platform != "linux":
            port.release()  # a server could not bind it
        return cls(port.number, secrets.token_hex(12))
