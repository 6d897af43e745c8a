"""One parameter for each name, large enough for every network of a space, lent in slices.

A network's parameter is the leading part of the shared one along each axis, and the centre
along the spatial axes of a filter, as in Once-for-All (Cai et al., 2020,
https://arxiv.org/abs/1908.09791) and in slimmable networks (Yu et al., 2019,
https://arxiv.org/abs/1812.08928). Nothing here knows any space: names and shapes are all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import paddle
from paddle import Tensor, nn

from edgeslim.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Slices = tuple[slice, ...]

__all__ = ["ParameterSlot", "SharedWeights", "parameter_slots", "slices_of"]

# A layer finds its parameters in a private dictionary. A slice, which is no parameter, can be
# put there in no other way, and the layer uses it like the parameter that it had.
# ruff: noqa: SLF001


class ParameterSlot(NamedTuple):
    """A slot of a layer that holds a parameter.

    Args:
        name: Name of the parameter in the whole network.
        layer: The layer that has the parameter.
        own_name: Name of the parameter in that layer.
        is_filter: Whether it is a convolution's filter, with spatial axes behind the first two.
    """

    name: str
    layer: nn.Layer
    own_name: str
    is_filter: bool

    @property
    def tensor(self) -> Tensor:
        """The tensor that the slot holds now."""
        return self.layer._parameters[self.own_name]


def parameter_slots(net: nn.Layer) -> Iterator[ParameterSlot]:
    """Yields every slot of a trained parameter; one that is used twice has one name in both.

    Running statistics are left out: each network has its own.
    """
    names: dict[int, str] = {}
    for prefix, layer in net.named_sublayers(include_self=True):
        for own_name, parameter in layer._parameters.items():
            if parameter is None or parameter.stop_gradient:
                continue
            full = f"{prefix}.{own_name}" if prefix else own_name
            name = names.setdefault(id(parameter), full)
            is_filter = isinstance(layer, nn.layer.conv._ConvNd) and len(parameter.shape) > 2
            yield ParameterSlot(name, layer, own_name, is_filter)


def slices_of(shared: Sequence[int], shape: Sequence[int], *, is_filter: bool) -> Slices:
    """The part of a shared parameter that one of ``shape`` is; shapes are not checked.

    Args:
        shared: Shape of the shared parameter.
        shape: Shape of the network's parameter.
        is_filter: Whether the axes behind the first two are spatial.
    """
    starts = [
        (whole - part) // 2 if is_filter and axis >= 2 else 0
        for axis, (whole, part) in enumerate(zip(shared, shape, strict=True))
    ]
    return tuple(slice(start, start + part) for start, part in zip(starts, shape, strict=True))


class SharedWeights(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """All parameters of a space's networks, to be trained by one optimizer.

    Args:
        values: Initial values by the parameters' names in the networks.
    """

    def __init__(self, values: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        # Paddle allows no dots in a parameter's own name.
        self._keys = {
            name: f"{index} {name.replace('.', ' ')}" for index, name in enumerate(values)
        }
        for name, value in values.items():
            parameter = self.create_parameter(
                list(value.shape),
                dtype=str(value.dtype),
                default_initializer=nn.initializer.Assign(value),
            )
            self.add_parameter(self._keys[name], parameter)

    def values(self) -> dict[str, NDArray[Any]]:
        """Every parameter as it is now, by its name in the networks."""
        return {name: self._parameters[key].numpy() for name, key in self._keys.items()}

    def gradients(self) -> dict[str, NDArray[Any]]:
        """The gradient of every parameter that has one, by its name in the networks."""
        return {
            name: self._parameters[key].grad.numpy()
            for name, key in self._keys.items()
            if self._parameters[key].grad is not None
        }

    def lend(self, net: nn.Layer) -> None:
        """Replaces a network's parameters by slices of the shared ones.

        Gradients of the network then arrive at the shared parameters. The slices have the values
        of now, so they are lent again after each step.

        Raises:
            ModelError: A parameter of the network is unknown here, or larger; names it.
        """
        lent: dict[str, Tensor] = {}
        for slot in list(parameter_slots(net)):
            if slot.name not in lent:
                lent[slot.name] = self._part(slot)
            slot.layer._parameters[slot.own_name] = lent[slot.name]

    def copy_into(self, net: nn.Layer) -> None:
        """Copies the values of slices into a network's own parameters; raises as `lend`."""
        with paddle.no_grad():
            for slot in parameter_slots(net):
                slot.tensor.set_value(self._part(slot))

    def _part(self, slot: ParameterSlot) -> Tensor:
        shape = list(slot.tensor.shape)
        shared = self._parameters.get(self._keys.get(slot.name))
        if shared is None:
            raise ModelError(
                f"the supernet has no parameter {slot.name}; networks of its space must give "
                "the same part the same name"
            )
        whole = list(shared.shape)
        if len(whole) != len(shape) or any(map(int.__gt__, shape, whole)):
            raise ModelError(
                f"parameter {slot.name} is {shape} in this network, and the supernet's is "
                f"{whole}, the largest of those looked at before training; a name must mean the "
                "same part in every network: name layers by stage and place, not in a row"
            )
        if shape == whole:
            return shared
        return shared[slices_of(whole, shape, is_filter=slot.is_filter)]
