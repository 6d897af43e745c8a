"""Operators that give elements another shape or order, join tensors or take them apart."""

from __future__ import annotations

from edgeslim.ops import _channel_rules as rules
from edgeslim.ops._channel_sizes import section_lengths, squeeze_axes, target_shape
from edgeslim.ops._kind import OperatorKind

__all__ = ["KINDS"]

KINDS = (
    OperatorKind(kind="concat", attributes={"axis": 0}, channels=rules.concat),
    OperatorKind(
        kind="expand_v2",
        attributes={"shape": (1,)},
        channels=rules.tile,
        changed_attributes=target_shape,
    ),
    OperatorKind(
        kind="flatten_contiguous_range",
        scratch=("XShape",),
        attributes={"start_axis": 1, "stop_axis": -1},
        channels=rules.reshape,
    ),
    OperatorKind(
        kind="reshape2",
        scratch=("XShape",),
        attributes={"shape": (0,)},
        channels=rules.reshape,
        changed_attributes=target_shape,
    ),
    OperatorKind(kind="shuffle_channel", attributes={"group": 1}, channels=rules.shuffle_channels),
    OperatorKind(
        kind="split",
        attributes={"axis": 0, "num": 0, "sections": (0,)},
        channels=rules.split,
        changed_attributes=section_lengths,
    ),
    OperatorKind(
        kind="squeeze2",
        scratch=("XShape",),
        attributes={"axes": (0,)},
        channels=rules.reshape,
        changed_attributes=squeeze_axes,
    ),
    OperatorKind(kind="stack", outputs=("Y",), attributes={"axis": 0}, channels=rules.stack),
    OperatorKind(kind="tile", attributes={"repeat_times": (1,)}, channels=rules.tile),
    OperatorKind(
        kind="transpose2",
        scratch=("XShape",),
        attributes={"axis": (0,)},
        channels=rules.transpose,
    ),
    OperatorKind(
        kind="unsqueeze2", scratch=("XShape",), attributes={"axes": (0,)}, channels=rules.reshape
    ),
    OperatorKind(
        kind="unstack", outputs=("Y",), attributes={"axis": 0, "num": 0}, channels=rules.unstack
    ),
)
