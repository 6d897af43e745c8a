"""Products and sums with constants before convolutions and matrix products, moved into them."""

from __future__ import annotations

from collections.abc import Iterator

from edgeslim.rewriting.affine import AFFINE_KINDS, Affine, affine_chain, affine_of
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.layers import Layer, add_offset, layer_of, sum_behind
from edgeslim.rewriting.network import Network, Op

__all__ = ["EQUIVALENCE"]


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    chain = affine_chain(network, op)
    if chain is None or chain.result in network.fetches:
        return
    readers = network.readers(chain.result)
    layers = [layer for layer in (layer_of(network, reader) for reader in readers) if layer]
    if not readers or len(layers) < len(readers):
        return
    for layer in layers:
        fits = layer.source == chain.result and chain.axis in {-1, layer.axis}
        if not fits or (chain.has_offset and not layer.is_even):
            return
    sums = (found for layer in layers if (found := sum_behind(network, layer)))
    yield OtherForm(
        name="into the layers behind",
        touched=(*chain.ops, *(layer.op for layer in layers), *sums),
        write=lambda: _write(network, layers, chain),
    )


def _write(network: Network, layers: list[Layer], chain: Affine) -> None:
    made = [_scale_weights(network, layer, chain) for layer in layers]
    if None in made:
        return
    for layer, op in zip(layers, made, strict=True):
        assert op is not None  # noqa: S101 - checked above
        if not chain.has_offset:
            network.replace(layer.op, op)
            continue
        _, offset = chain.along(layer.inputs)
        shift = layer.of_constant(offset)
        bias = sum_behind(network, layer)
        known = None if bias is None else affine_of(network, bias)
        if bias is None or known is None:
            network.replace(layer.op, *add_offset(network, layer, op, shift))
        else:
            name = network.add_value(f"{layer.result}.offset", known.offset + shift)
            slot = "Y" if bias.source("X") == layer.result else "X"
            network.replace(layer.op, op)
            network.replace(bias, bias.with_inputs(**{slot: name}))
    for op in chain.ops:
        network.replace(op)


def _scale_weights(network: Network, layer: Layer, chain: Affine) -> Op | None:
    factor, _ = chain.along(layer.inputs)
    slot = next(slot for slot, names in layer.op.inputs.items() if chain.result in names)
    return layer.with_weights(network, layer.times_inputs(factor), **{slot: chain.source})


def _example(example: Example) -> str:
    x = example.image(channels=4, least=4)
    is_shifted = example.chance()
    for kind in ("mul", "add") if is_shifted else ("mul",):
        vector = example.weights((4,) if example.chance() else (1,), around=1.0)
        x = example.binary(kind, x, vector, axis=1 if example.shape(vector) == (4,) else -1)
    groups = example.one_of(1, 2, 4)
    padding = 0 if is_shifted else example.integer(0, 2)
    layers = [
        example.convolution(x, 4, groups=groups, padding=padding, stride=1, kernel=3)
        for _ in range(example.integer(1, 2))
    ]
    if example.chance():
        layers[0] = example.binary("add", layers[0], example.weights((4,)), axis=1)
    return layers[0] if len(layers) == 1 else example.binary("add", layers[0], layers[1])


EQUIVALENCE = Equivalence(
    law="W (a * x + b) = (W a) x + W b",
    limits="a sum before a convolution that pads, since the padding is not shifted; results that "
    "anything but such layers reads; transposed convolutions behind a sum; computed filters",
    saves="x86: the whole product or sum, which takes up to 30 times a scale",
    bound=5e-6,
    kinds=AFFINE_KINDS,
    forms=_forms,
    example=_example,
)
