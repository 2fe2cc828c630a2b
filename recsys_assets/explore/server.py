"""Serving the explore page on loopback."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

LOOPBACK = "127.0.0.1"


def listen(port: int | None) -> socket.socket:
    """A socket that listens on loopback.

    Args:
        port: None asks for a free one.

    Raises:
        OSError: when the port is taken; says so.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port or 0))
        listening.listen()
    except OSError as error:
        listening.close()
        raise OSError(
            f"Port {port} cannot be used ({error.strerror}); give another, or none for a free one."
        ) from error
    return listening


def serve(app: Any, listening: socket.socket, announce: Callable[[str], object]) -> None:
    """Answers until it is interrupted.

    Args:
        app: an ASGI application.
        listening: of `listen`.
        announce: told the address.
    """
    import uvicorn

    config = uvicorn.Config(app, log_level="warning", server_header=False, lifespan="off", ws="none")
    announce(f"http://{LOOPBACK}:{listening.getsockname()[1]}")
    with contextlib.suppress(KeyboardInterrupt):  # the way to end it
        uvicorn.Server(config).run(sockets=[listening])
