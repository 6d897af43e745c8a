"""Activations, and other functions of elements with parameters."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "acosh": row("acosh", "X", "Out"),
    "celu": row("celu", "X", "Out", "alpha:float"),
    "elu": row("elu", "X", "Out", "alpha:float"),
    "gelu": row("gelu", "X", "Out", "approximate:bool"),
    "hardshrink": row("hard_shrink", "X", "Out", "threshold:float"),
    "hardsigmoid": row("hard_sigmoid", "X", "Out", "slope:float offset:float"),
    "hardswish": row("hard_swish", "X", "Out", threshold=6.0, scale=6.0, offset=3.0),
    "hardtanh": row("brelu", "X", "Out", "t_min:float t_max:float"),
    "leaky_relu": row("leaky_relu", "X", "Out", "negative_slope=alpha:float"),
    "log_softmax": row("log_softmax", "X", "Out", "axis:int"),
    "logit": row("logit", "X", "Out", "eps:float"),
    "logsigmoid": row("logsigmoid", "X", "Out"),
    "maxout": row("maxout", "X", "Out", "groups:int axis:int"),
    "mish": row("mish", "X", "Out", "lambda=threshold:float"),
    "prelu": row("prelu", "X Alpha", "Out", "data_format:str mode:str"),
    "relu": row("relu", "X", "Out"),
    "relu6": row("relu6", "X", "Out", threshold=6.0),
    "rrelu": row("rrelu", "X", "Out Noise", "lower:float upper:float is_test:bool"),
    "selu": row("selu", "X", "Out", "scale:float alpha:float"),
    "sigmoid": row("sigmoid", "X", "Out"),
    "silu": row("silu", "X", "Out"),
    "softmax": row("softmax", "X", "Out", "axis:int"),
    "softplus": row("softplus", "X", "Out", "beta:float threshold:float"),
    "softshrink": row("softshrink", "X", "Out", "threshold=lambda:float"),
    "softsign": row("softsign", "X", "Out"),
    "stanh": row("stanh", "X", "Out", "scale_a:float scale_b:float"),
    "swiglu": row("swiglu", "x y", "out"),
    "swish": row("swish", "X", "Out", beta=1.0),
    "tanh_shrink": row("tanh_shrink", "X", "Out"),
    "thresholded_relu": row("thresholded_relu", "X", "Out", "threshold:float value:float"),
}
