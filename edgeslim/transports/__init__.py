"""Transports to a device: run a program there, send files, fetch files."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.transports._transport import Transport, TransportFactory

__all__ = ["TRANSPORTS", "Transport", "TransportFactory"]

TRANSPORTS: Shelf[TransportFactory] = Shelf(
    what="transport", package="edgeslim.transports", attribute="TRANSPORT"
)
"""All transports, by name."""
