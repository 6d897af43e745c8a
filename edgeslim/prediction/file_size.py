"""Predicted size of the optimized file of a network, by its operators alone.

An ``.nb`` file has four bytes for each parameter and the description of each operator with all
its attributes, which is 1 to 3 kB whatever its size. The size for each kind was fitted on 162
files that ``opt`` of Paddle-Lite 2.13 wrote of 77 networks of the seven spaces and of four
networks by name, for ``arm`` and ``x86``: predictions are off by 0.25 % in the mean and
1.5 % at worst, where parameters alone are up to 88 % short. Names of parameters
are in the file several times, so long ones make it somewhat larger.
"""

from __future__ import annotations

from edgeslim.opspec import OpSpec

__all__ = ["FILE_BYTES", "operator_file_bytes"]

FILE_BYTES = 740
"""Bytes of a file besides its operators."""

_OTHER_BYTES = 2000
"""Bytes for an operator of a kind that was in none of the files."""

_BYTES = {
    "concat": 2600,
    "conv2d": 2800,
    "depthwise_conv2d": 2890,
    "elementwise_add": 1590,
    "elementwise_mul": 1110,
    "fc": 1930,
    "flatten_contiguous_range": 2270,
    "fusion_elementwise_add_activation": 1310,
    "hard_sigmoid": 2230,
    "hard_swish": 1940,
    "matmul_v2": 1740,
    "pool2d": 2300,
    "reshape2": 2590,
    "sigmoid": 1480,
    "transpose2": 2590,
    "unsqueeze2": 1480,
}

_ACTIVATION_BYTES = {"hard_swish": 290, "relu": 720, "relu6": 780}
"""Of an activation that became part of a convolution."""


def operator_file_bytes(spec: OpSpec) -> int:
    """What an operator of a fused network adds to its file, weights included."""
    own = _BYTES.get(spec.kind, _OTHER_BYTES)
    if spec.attributes.get("with_act"):
        own += _ACTIVATION_BYTES.get(str(spec.attributes["act_type"]), 0)
    return own + spec.weight_bytes
