"""Products and sums with constants behind a convolution or matrix product, moved into it."""

from __future__ import annotations

from collections.abc import Iterator

from edgeslim.rewriting.affine import AFFINE_KINDS, Affine, affine_chain
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.layers import Layer, add_offset, layer_of
from edgeslim.rewriting.network import Network, Op

__all__ = ["EQUIVALENCE"]


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    chain = affine_chain(network, op)
    maker = None if chain is None else network.maker(chain.source)
    if chain is None or maker is None or network.only_reader(chain.source) is not op:
        return
    layer = layer_of(network, maker)
    if layer is None or chain.axis not in {-1, layer.axis} or _is_bias(chain):
        return
    yield OtherForm(
        name="into the layer before",
        touched=(maker, *chain.ops),
        write=lambda: _write(network, layer, chain),
    )


def _is_bias(chain: Affine) -> bool:
    """Whether it is what the optimizer takes into a layer by itself."""
    kinds = [op.kind for op in chain.ops]
    return kinds in (["elementwise_add"], ["batch_norm"]) and not chain.is_single


def _write(network: Network, layer: Layer, chain: Affine) -> None:
    factor, offset = chain.along(layer.outputs)
    made = layer.with_weights(network, layer.times_outputs(factor))
    if made is None:
        return
    (slot,) = (slot for slot, names in made.outputs.items() if layer.result in names)
    for op in chain.ops:
        network.replace(op)
    if not chain.has_offset:
        network.replace(layer.op, made.with_outputs(**{slot: chain.result}))
        return
    ops = add_offset(network, layer, made, offset)
    (last_slot,) = ops[-1].outputs
    network.replace(layer.op, *ops[:-1], ops[-1].with_outputs(**{last_slot: chain.result}))


def _example(example: Example) -> str:
    if example.chance(0.3):
        rows, columns = example.integer(1, 6), example.integer(1, 6)
        x = example.feed((example.integer(1, 3), example.integer(1, 4), rows))
        x = example.write(
            "matmul_v2",
            {"X": x, "Y": example.weights((rows, columns))},
            (*example.shape(x)[:-1], columns),
            trans_x=False,
            trans_y=False,
        )
        axis, shape = 2, (columns,)
    else:
        x = example.image(channels=4)
        kind = example.one_of("plain", "grouped", "depthwise", "turned")
        if kind == "turned":
            x = _convolve_turned(example, x)
        else:
            groups = {"plain": 1, "grouped": 2, "depthwise": 4}[kind]
            channels = 4 if kind == "depthwise" else None
            x = example.convolution(x, channels, groups=groups)
        axis, shape = 1, (example.shape(x)[1],)
        if example.chance():
            x = example.binary("add", x, example.weights(shape), axis=axis)
        if example.chance():
            x = example.batch_norm(x)
    for kind in ("mul", "add") if example.chance(0.8) else ("mul",):
        vector = example.weights(shape if example.chance() else (1,), around=1.0)
        axis_of = axis if example.shape(vector) == shape else -1
        x = example.binary(kind, x, vector, axis=axis_of)
    return x


def _convolve_turned(example: Example, x: str) -> str:
    """A transposed convolution."""
    n, c, *extents = example.shape(x)
    groups, kernel, stride = example.one_of(1, 2), example.integer(1, 3), example.integer(1, 2)
    out = example.integer(1, 3)
    return example.write(
        "conv2d_transpose",
        {"Input": x, "Filter": example.weights((c, out, kernel, kernel))},
        (n, out * groups, *((extent - 1) * stride + kernel for extent in extents)),
        output="Output",
        strides=(stride, stride),
        paddings=(0, 0),
        dilations=(1, 1),
        groups=groups,
        padding_algorithm="EXPLICIT",
        data_format="NCHW",
        output_padding=(),
        output_size=(),
    )


EQUIVALENCE = Equivalence(
    law="a * (W x) + b = (a W) x + b",
    limits="a layer whose result something else reads; filters that are computed; factors along "
    "another axis than the channels; what the optimizer takes in by itself (a bias, a batch norm)",
    saves="x86: the whole product or sum, which takes up to 30 times a scale",
    bound=5e-6,
    kinds=AFFINE_KINDS,
    forms=_forms,
    example=_example,
)
