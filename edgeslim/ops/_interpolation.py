"""What ways of changing the size of images share."""

from __future__ import annotations

from edgeslim.opspec import Attribute

__all__ = ["SLOTS", "attributes"]

SLOTS = ("X", "OutSize", "SizeTensor", "Scale")


def attributes(method: str) -> dict[str, Attribute]:
    """Attributes of an interpolation, with the values they have when absent."""
    return {
        "interp_method": method,
        "align_corners": True,
        "align_mode": 1,
        "data_layout": "NCHW",
        "out_h": -1,
        "out_w": -1,
        "scale": (1.0,),
    }
