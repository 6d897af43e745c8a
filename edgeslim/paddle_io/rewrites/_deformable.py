"""The deformable convolution that rewrites write, with the attributes of the one they replace."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.paddle_io.sketch import Sketch

__all__ = ["convolve_deformably"]


def convolve_deformably(
    s: Sketch,
    inputs: Mapping[str, str],
    channels: int,
    *,
    groups: int = 1,
    deformable_groups: int = 1,
) -> str:
    """A deformable convolution with a mask.

    Args:
        s: The sketch of the operator that is replaced.
        inputs: Names of ``Input``, ``Offset``, ``Mask`` and ``Filter``.
        channels: Number of output channels.
        groups: Number of groups of channels.
        deformable_groups: Number of groups of offsets.
    """
    batch, _, *sides = s.shape(s.result("Output"))
    return s.write(
        "deformable_conv",
        inputs,
        [batch, channels, *sides],
        output="Output",
        strides=tuple(s.attribute("strides", (1, 1))),
        paddings=tuple(s.attribute("paddings", (0, 0))),
        dilations=tuple(s.attribute("dilations", (1, 1))),
        groups=groups,
        deformable_groups=deformable_groups,
        im2col_step=1,
    )
