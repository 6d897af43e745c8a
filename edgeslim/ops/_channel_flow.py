"""Which channels of a network stay or go together, as its operators tell one after another.

Every position of an axis that pruning may shorten has a *label*, a whole number. An operator's
rule (`edgeslim.ops._channel_rules`) reads the labels of what goes in, says which belong
together (`tie`) or must stay (`fix`), and gives labels to what comes out. Whoever runs the
rules joins the labels that were tied (`edgeslim.channels.groups`).
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
"""Labels of each axis of a tensor; None where an axis stays as it is."""


class ChannelFlow:
    """What is known while the rules run.

    Args:
        parameters: Shape of each persistent tensor by name.
        shapes: Shape of each activation by name.
        known: Labels that axes of parameters have from elsewhere, by name.
        count: Labels from 0 that are taken by them.

    Whoever runs the rules adds to ``made_of_parameters`` what is computed of them alone.
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
        self.made_of_parameters: set[str] = set(parameters)
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

    def view(self, name: str, of: str, axes: Sequence[int | None]) -> None:
        """Says that a tensor is a weight in another shape.

        Args:
            name: The tensor.
            of: The parameter, or a view of one.
            axes: For each axis of the tensor the same axis of what it is a view of; None
                for one of a single element that is new.
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
                return self.fresh(1)
            axis = place
        if (name, axis) not in self._of_parameters:
            self._of_parameters[name, axis] = self.fresh(self.parameters[name][axis])
        return self._of_parameters[name, axis]

    def produced(self, name: str, axis: int) -> Labels:
        """Labels of the axis of a weight that its operator's output channels come from."""
        parameter, places = self._views.get(name, (name, (axis,) * (axis + 1)))
        place = places[axis]
        if place is not None:
            self.producers.setdefault(parameter, place)
        return self.axis(name, axis)

    def fresh(self, size: int) -> Labels:
        """New labels."""
        self.count += size
        return np.arange(self.count - size, self.count)

    def stuck(self, size: int, why: str) -> Labels:
        """New labels that must stay."""
        labels = self.fresh(size)
        self.fix(labels, why)
        return labels

    def tie(self, some: Labels | None, others: Labels | None, why: str = "") -> None:
        """Position by position, both stay or both go; what meets a fixed axis stays.

        Args:
            some: Labels of an axis.
            others: As many of another.
            why: If a reader should know of it: what makes them belong together.
        """
        if some is None or others is None:
            reason = "it meets channels that cannot go" + (f" ({why})" if why else "")
            self.fix(some, reason)
            self.fix(others, reason)
        else:
            self.ties.append((some, others, why))

    def fix(self, labels: Labels | None, why: str) -> None:
        """These stay, and so does what is tied to them."""
        if labels is not None:
            self.fixed.append((labels.reshape(-1), why))

    def give(self, name: str, axes: Sequence[Labels | None]) -> None:
        """Says what the axes of an activation are."""
        self._axes[name] = tuple(axes)

    @property
    def known(self) -> Mapping[str, Axes]:
        """Labels of every tensor that has any."""
        found = dict(self._axes)
        for name, shape in self.parameters.items():
            axes = tuple(self._of_parameters.get((name, axis)) for axis in range(len(shape)))
            if any(each is not None for each in axes):
                found[name] = axes
        return found


ChannelRule = Callable[[Node, ChannelFlow], None]
"""How channels pass through an operator."""
