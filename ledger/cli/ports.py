"""Ports: the wished one where it is free, another where it is taken."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

HOST: Final = "127.0.0.1"
"""Where everything that `up` starts listens: on this machine only."""


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = HOST) -> int:
    """A port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind((host, 0))
        return int(tried.getsockname()[1])


def choose_port(wished: int, host: str = HOST) -> int:
    """The wished port, or a free one if it is taken."""
    return wished if is_free(wished, host) else free_port(host)


def port_of(url: str) -> int | None:
    """The port in a URL; None if it names none."""
    return urlsplit(url).port
