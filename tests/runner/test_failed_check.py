"""What Paddle-Lite says before it ends a program is found in all that was printed."""

from __future__ import annotations

import pytest

from edgeslim.runner.failed_check import failed_check


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            "[F 11/30  7:31: 5.123 ...lite/kernels/arm/pool_compute.cc:52 Run] Check failed: x: \n",
            "Check failed: x (pool_compute.cc:52)",
        ),
        (
            "[F  3/ 1  7:31: 5.  3 lite/core/op.cc operator():7] Check failed: (1!==2) 1!==2 \n",
            "Check failed: (1!==2) 1!==2 (op.cc:7)",
        ),
        (
            "[W 1/1 7:31:05.123 lite/a.cc Run:1] so\n[F 1/1 7:31:05.124 lite/b.h Run:2] first\nand",
            "first (b.h:2)",
        ),
        (
            "ended by signal 6; it printed last: [F 1/1 1:1:1.1 lite/a.cc f:3] ",
            "no message (a.cc:3)",
        ),
        ("[W 11/30 7:31:05.123 lite/core/a.cc Run:1] careful\n", ""),
        ("Segmentation fault", ""),
    ],
)
def test_the_last_failed_check_is_told_with_its_place(said: str, found: str) -> None:
    assert failed_check(said) == found
