"""Photos as people have them: opened upright and in 8 bits, or refused with the reason."""

from __future__ import annotations

from edgeslim.photos.faults import photo_fault
from edgeslim.photos.header import PhotoHeader, read_header
from edgeslim.photos.opening import ENDINGS, open_photo

__all__ = ["ENDINGS", "PhotoHeader", "open_photo", "photo_fault", "read_header"]
