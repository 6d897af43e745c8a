"""What an optimized model says about itself: the library it is for, and its kernels.

Layout (Paddle-Lite, ``lite/model_parser/model_parser.cc``): a 16-bit format version, 16
characters of library version, a 64-bit size, the program. Kernels stand in it as
``operator/alias/TARGET/PRECISION/LAYOUT`` with the numbers of ``paddle_place.h``.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.execution import Target

__all__ = ["HOST_KERNELS", "KERNEL_TARGETS", "Kernel", "OptimizedModel", "read_optimized_model"]

HOST_KERNELS = 1
"""Kernels that run on any processor."""

KERNEL_TARGETS = {Target.X86: 2, Target.ARM: 4}
"""Number of each target in a kernel's name."""

_KERNEL = re.compile(rb"([a-z0-9_]+)/([A-Za-z0-9_]+)/(\d+)/(\d+)/(\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Kernel:
    """One kernel that an optimized model calls."""

    operator: str
    alias: str
    target: int
    precision: int
    layout: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizedModel:
    """Facts read from an optimized model's file.

    Args:
        library_version: Version of the optimizer, such as ``v2.13-rc``.
        kernels: The kernels it calls.
        size_bytes: Size of the file.
    """

    library_version: str
    kernels: frozenset[Kernel]
    size_bytes: int

    @property
    def targets(self) -> frozenset[int]:
        """Numbers of the targets that the kernels are for."""
        return frozenset(kernel.target for kernel in self.kernels)


def read_optimized_model(path: Path) -> OptimizedModel:
    """Reads the facts of an ``.nb`` file.

    Raises:
        BadFileError: Missing, truncated, or not an optimized model.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
    kernels = frozenset(
        Kernel(m[1].decode(), m[2].decode(), int(m[3]), int(m[4]), int(m[5]))
        for m in _KERNEL.finditer(content)
    )
    if len(content) < 26 or not kernels:
        raise BadFileError(f"{path} is not an optimized model of Paddle-Lite")
    format_version, version = struct.unpack_from("<H16s", content)
    name = version.split(b"\0")[0].decode(errors="replace")
    if format_version not in {1, 2} or not name.startswith("v"):
        raise BadFileError(
            f"{path} is not an optimized model of Paddle-Lite (format {format_version}, {name!r})"
        )
    return OptimizedModel(library_version=name, kernels=kernels, size_bytes=len(content))
