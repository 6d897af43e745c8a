"""What decides how a network starts: its file, its tensors, and what kernels need beside them.

Nothing of a network's tensors exists before the first run. Then each operator asks for the memory
of what it writes, in the order in which operators run, and some kernels for a workspace besides:

- For x86, ``opt`` gives every tensor memory of its own, which stays. Convolutions without a kernel
  of their own lay out their input as a matrix (im2col), and 3x3 convolutions of stride 2 write
  blocks of channels first; both give that back.
- For ARM, ``opt`` lets tensors share memory that are never there at the same time: in the order of
  their names, each joins the first group that it meets at no time (``memory_optimize_pass``).

So the largest memory is a maximum over the operators in their order: what is there when each runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.execution import Target
from edgeslim.graph import Graph
from edgeslim.opspec import FLOAT_BYTES, OpSpec
from edgeslim.prediction.file_size import FILE_BYTES, operator_file_bytes
from edgeslim.table_keys import is_view

__all__ = ["StartFeatures", "start_features", "workspace_bytes"]

_MB = 1e6
_DIRECT_BLOCK = 8
"""Channels of a block of the x86 kernel for 3x3 convolutions of stride 2."""
_EXTENTS = 4
"""Extents of a two-dimensional filter, and of a batch of pictures."""
_DEPTHWISE_BLOCK = 4
"""Channels that x86 kernels for 3x3 depthwise convolutions need a multiple of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StartFeatures:
    """The features of one network.

    Args:
        file_mb: Size of the optimized file.
        tensors_mb: Memory of the tensors, as the target's memory plan has it.
        workspace_mb: How much more is there at most, while an operator runs with its workspace.
        largest_weight_mb: Size of the largest weight, of which loading has a second copy.
        winograd_mb: Weights of 3x3 convolutions of stride 1, which ARM kernels keep transformed.
        operators: How many operators it has, views included.
    """

    file_mb: float
    tensors_mb: float
    workspace_mb: float
    largest_weight_mb: float
    winograd_mb: float
    operators: int


def start_features(network: Graph | Sequence[OpSpec], target: Target) -> StartFeatures:
    """The features of a network that is fused for a target.

    Args:
        network: The network, or its operators alone in their order. Of these it is not known which
            tensors are there at the same time; the largest pair of one operator's stands for all.
        target: Kind of processor, which decides about the memory plan and the kernels.
    """
    specs = network.specs if isinstance(network, Graph) else tuple(network)
    if target is Target.X86:
        tensors, peak = _grown(specs, _fed_bytes(network))
    elif isinstance(network, Graph):
        tensors = _shared_bytes(network)
        peak = tensors + max((workspace_bytes(spec, target) for spec in specs), default=0)
    else:
        tensors = max((spec.input_bytes + spec.output_bytes for spec in specs), default=0)
        peak = tensors + max((workspace_bytes(spec, target) for spec in specs), default=0)
    weights = [spec.weight_bytes for spec in specs]
    winograd = 0 if target is Target.X86 else sum(map(_winograd_bytes, specs))
    return StartFeatures(
        file_mb=(FILE_BYTES + sum(map(operator_file_bytes, specs))) / _MB,
        tensors_mb=tensors / _MB,
        workspace_mb=(peak - tensors) / _MB,
        largest_weight_mb=max(weights, default=0) / _MB,
        winograd_mb=winograd / _MB,
        operators=len(specs),
    )


def workspace_bytes(spec: OpSpec, target: Target) -> int:
    """What the kernel of an operator asks for besides its output, and gives back after it."""
    filters, strides = spec.weights.get("Filter"), spec.attributes.get("strides")
    paddings = spec.attributes.get("paddings")
    is_planar = filters is not None and len(filters[0]) == len(spec.input_shape) == _EXTENTS
    if not is_planar or not isinstance(strides, tuple) or not isinstance(paddings, tuple):
        return 0
    _, c_in, height, width = spec.weights["Filter"][0]
    channels = spec.input_shape[1]
    if (height, width) == (1, 1) and set(strides) == {1} and not any(paddings):
        return 0
    is_plain = spec.attributes.get("dilations", (1, 1)) == (1, 1)
    is_square = strides[0] == strides[1] and height == width and paddings[0] == paddings[-1]
    if is_square and c_in == 1 and channels == spec.output_shape[1] and strides[0] in {1, 2}:
        if (height == 5 and is_plain) or (height == 3 and _has_depthwise(channels, target)):
            return 0
    elif is_square and is_plain and c_in == channels and height == 3:
        if target is not Target.X86:
            return 0
        in_blocks = spec.output_shape[1] % _DIRECT_BLOCK == 0
        if in_blocks and strides[0] == 2 and len({*paddings}) == 1 and paddings[0] in {0, 1}:
            return spec.output_bytes
    return FLOAT_BYTES * channels * height * width * math.prod(spec.output_shape[2:])


def _has_depthwise(channels: int, target: Target) -> bool:
    """Whether the target has a kernel of its own for a 3x3 depthwise convolution."""
    return target is not Target.X86 or channels % _DEPTHWISE_BLOCK == 0


def _fed_bytes(network: Graph | Sequence[OpSpec]) -> int:
    """Bytes of the inputs; of operators alone, that of the first one."""
    if isinstance(network, Graph):
        return FLOAT_BYTES * sum(map(math.prod, network.feeds.values()))
    return FLOAT_BYTES * math.prod(network[0].input_shape) if network else 0


def _grown(specs: Sequence[OpSpec], fed: int) -> tuple[int, int]:
    """Bytes of all tensors, each of which stays, and the most that is there with a workspace."""
    there = peak = fed
    for spec in specs:
        there += 0 if is_view(spec) else spec.output_bytes
        peak = max(peak, there + workspace_bytes(spec, Target.X86))
    return there, peak


def _winograd_bytes(spec: OpSpec) -> int:
    filters = spec.weights.get("Filter")
    if not filters or filters[0][2:] != (3, 3) or filters[0][1] == 1:
        return 0
    return spec.weight_bytes if spec.attributes.get("strides") == (1, 1) else 0


def _shared_bytes(graph: Graph) -> int:
    """Bytes of the groups of tensors that share memory, and of those that share none."""
    sizes = {
        name: FLOAT_BYTES * math.prod(shape)
        for name, shape in graph.shapes.items()
        if name not in graph.parameters
    }
    alone = {*graph.feeds, *graph.fetches}
    inside: set[str] = set()
    lives: dict[str, tuple[int, int]] = {}
    for place, node in enumerate(graph.nodes):
        names = (*node.reads(), *node.writes())
        if is_view(node.spec):
            alone.update(names)
            inside.update(node.writes())  # which are other names of what is read
        for name in names:
            first, _ = lives.get(name, (place, place))
            lives[name] = (first, place)
    groups: list[tuple[list[tuple[int, int]], int]] = []
    for name in sorted(set(lives) - alone - set(graph.parameters)):
        first, last = lives[name]
        for index, (others, size) in enumerate(groups):
            if all(last < begin or end < first for begin, end in others):
                groups[index] = ([*others, (first, last)], max(size, sizes[name]))
                break
        else:
            groups.append(([(first, last)], sizes[name]))
    apart = sum(sizes[name] for name in alone - inside if name in sizes)
    return apart + sum(size for _, size in groups)
