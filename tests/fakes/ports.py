"""Ports of this machine on which nobody listens, and which nobody else is given meanwhile."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port that refuses connections, unless a server is told to listen right there."""
    with socket.socket() as holder:
        # A server that sets the same option may bind a port that is held and not listened on.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        yield port
