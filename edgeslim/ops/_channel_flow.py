"""Which channels of a network are kept or pruned together, operator by operator.

Every position of an axis that pruning may shorten has a *label*, a whole number. An operator's
rule (`edgeslim.ops._channel_rules`) reads the labels of the operator's inputs, says which belong
together (`tie`) or must be kept (`fix`), and labels its outputs. `edgeslim.channels.groups` runs
the rules and joins the labels that were tied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.graph import Node
from edgeslim.opspec import Shape

__all__ = ["Axes", "ChannelFlow", "ChannelRule", "Labels"]

Labels = np.ndarray[Any, np.dtype[np.int64]]
"""A label for each position of an axis."""

Axes = tuple[Labels | None, ...]
"""Labels of each axis of a tensor; None for an axis that is never pruned."""


class ChannelFlow:
    """The labels of a network's tensors, collected while the channel rules run.

    Args:
        parameters: Shape of each persistent tensor by name.
        shapes: Shape of each activation by name.
        known: Labels that axes of parameters already have, by the parameters' names.
        count: How many labels those are, numbered from 0.

    ``constants`` names the parameters, and what is computed from parameters alone.
    """

    def __init__(
        self,
        parameters: Mapping[str, Shape],
        shapes: Mapping[str, Shape],
        known: Mapping[str, Axes] | None = None,
        count: int = 0,
    ) -> None:
        self.parameters = parameters
        self._shapes = shapes
        self._axes: dict[str, Axes] = {}
        self._of_parameters: dict[tuple[str, int], Labels] = {
            (name, axis): labels
            for name in parameters
            for axis, labels in enumerate((known or {}).get(name, ()))
            if labels is not None and labels.size == parameters[name][axis]
        }
        self._views: dict[str, tuple[str, tuple[int | None, ...]]] = {}
        self.producers: dict[str, int] = {}
        self.ties: list[tuple[Labels, Labels, str]] = []
        self.fixed: list[tuple[Labels, str]] = []
        self.constants: set[str] = set(parameters)
        self.count = count

    def shape(self, name: str) -> Shape:
        """Shape of a tensor."""
        return self.parameters[name] if name in self.parameters else self._shapes[name]

    def axes(self, name: str) -> Axes:
        """Labels of all axes of a tensor; those of a parameter are its own."""
        if name in self.parameters:
            shape = self.parameters[name]
            return tuple(
                self.axis(name, axis) if size > 1 else None for axis, size in enumerate(shape)
            )
        return self._axes.get(name) or (None,) * len(self.shape(name))

    def add_view(self, name: str, of: str, axes: Sequence[int | None]) -> None:
        """Records that a tensor is a weight in another shape.

        Args:
            name: Name of the tensor that is the view.
            of: Name of the parameter, or of another view of it.
            axes: For each axis of the view, the axis of ``of`` that it is; None for a new axis
                of a single element.
        """
        parameter, places = self._views.get(of, (of, tuple(range(len(self.shape(of))))))
        self._views[name] = (parameter, tuple(None if a is None else places[a] for a in axes))

    def is_weight(self, name: str) -> bool:
        """Whether a tensor is a parameter, or one in another shape."""
        return name in self.parameters or name in self._views

    def axis(self, name: str, axis: int) -> Labels:
        """Labels of one axis of a weight, new if nobody asked before."""
        if name in self._views:
            name, places = self._views[name]
            place = places[axis]
            if place is None:
                return self.new_labels(1)
            axis = place
        if (name, axis) not in self._of_parameters:
            self._of_parameters[name, axis] = self.new_labels(self.parameters[name][axis])
        return self._of_parameters[name, axis]

    def output_channels(self, name: str, axis: int) -> Labels:
        """Labels of the axis of a weight that makes its operator's output channels."""
        parameter, places = self._views.get(name, (name, (axis,) * (axis + 1)))
        place = places[axis]
        if place is not None:
            self.producers.setdefault(parameter, place)
        return self.axis(name, axis)

    def new_labels(self, size: int) -> Labels:
        """Labels that nothing has yet."""
        self.count += size
        return np.arange(self.count - size, self.count)

    def new_fixed_labels(self, size: int, why: str) -> Labels:
        """Labels that nothing has yet, and that cannot be pruned."""
        labels = self.new_labels(size)
        self.fix(labels, why)
        return labels

    def tie(self, some: Labels | None, others: Labels | None, why: str = "") -> None:
        """Position by position, both are kept or both pruned; what meets a fixed axis is kept.

        Args:
            some: Labels of one axis; None if it is never pruned.
            others: As many labels of another axis, or None.
            why: What makes them belong together, if a report should name it.
        """
        if some is None or others is None:
            reason = "it meets channels that cannot go" + (f" ({why})" if why else "")
            self.fix(some, reason)
            self.fix(others, reason)
        else:
            self.ties.append((some, others, why))

    def fix(self, labels: Labels | None, why: str) -> None:
        """Keeps these, and so whatever is tied to them."""
        if labels is not None:
            self.fixed.append((labels.reshape(-1), why))

    def set_axes(self, name: str, axes: Sequence[Labels | None]) -> None:
        """Labels the axes of an activation."""
        self._axes[name] = tuple(axes)

    @property
    def axes_by_name(self) -> Mapping[str, Axes]:
        """Axes of every tensor that has a label, by its name."""
        found = dict(self._axes)
        for name, shape in self.parameters.items():
            axes = tuple(self._of_parameters.get((name, axis)) for axis in range(len(shape)))
            if any(labels is not None for labels in axes):
                found[name] = axes
        return found


ChannelRule = Callable[[Node, ChannelFlow], None]
"""How channels pass through an operator."""
