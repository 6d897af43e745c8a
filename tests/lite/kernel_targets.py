"""Numbers of processors in the names of Paddle-Lite's kernels (``paddle_place.h``)."""

from __future__ import annotations

from edgeslim.execution import Target

HOST_KERNELS = 1
"""Kernels that run on any processor."""

KERNEL_TARGETS = {Target.X86: 2, Target.ARM: 4}
"""Number of each target in a kernel's name."""
