"""The six light-NAS networks that PaddleSlim 1.x published.

Source: PaddlePaddle/models at 9aefcdc84, ``PaddleSlim/docs/demo.md`` section 3.8 and, for the
start of its search, ``PaddleSlim/light_nas/light_nas_space.py``. Earlier revisions of that
document call ``tokens0`` and ``tokens1`` by the names ``tokens1`` and ``tokens2``.
"""

from __future__ import annotations

__all__ = ["PUBLISHED_TOKENS"]

# One group of six tokens a column: expansion, channels, layers, kernel, shortcut, SE.
# fmt: off
PUBLISHED_TOKENS: dict[str, tuple[int, ...]] = {
    "mobilenet-v2": (
        3, 1, 1, 0, 1, 0,  3, 1, 1, 0, 1, 0,  3, 1, 1, 0, 1, 0,  3, 1, 1, 0, 1, 0,  3, 1, 1, 0, 1, 0
    ),
    "tokens0": (
        3, 1, 1, 0, 1, 0,  3, 2, 1, 0, 1, 0,  3, 1, 1, 0, 1, 0,  2, 1, 1, 0, 1, 0,  1, 1, 1, 0, 1, 0
    ),
    "tokens1": (
        3, 1, 1, 0, 1, 0,  3, 2, 1, 0, 1, 1,  0, 1, 1, 1, 1, 0,  2, 0, 1, 0, 1, 0,  1, 1, 1, 0, 1, 1
    ),
    "tokens2": (
        0, 1, 0, 0, 0, 1,  1, 1, 0, 0, 0, 0,  2, 2, 1, 0, 1, 1,  2, 1, 0, 0, 0, 0,  3, 2, 1, 0, 1, 0
    ),
    "tokens3": (
        3, 0, 0, 0, 1, 0,  1, 2, 0, 0, 1, 0,  0, 2, 0, 1, 1, 0,  3, 1, 0, 1, 1, 0,  0, 2, 1, 1, 1, 0
    ),
    "tokens4": (
        3, 1, 0, 0, 1, 0,  3, 1, 1, 0, 1, 0,  3, 1, 1, 0, 1, 0,  0, 1, 1, 0, 1, 0,  3, 1, 1, 0, 1, 0
    ),
}
# fmt: on
"""Thirty tokens by name: the start of the search (MobileNetV2), two networks searched under a
limit on FLOPs, and three under a limit on latency (an RK3288 board, an Android phone, an
iPhone)."""
