"""Connections as processes of one machine have them."""

from __future__ import annotations

import socket


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        other, _ = server.accept()
    return one, other
