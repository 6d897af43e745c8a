"""Latency of a model at any widths, from a table; and the problem of choosing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property

import numpy as np

from edgeslim.channels.fused import channels_of_fused
from edgeslim.channels.groups import IntArray
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.channels.sizes import AxisForms, Form, ShapesAtWidths
from edgeslim.channels.variants import SumVariants, Variants, vary_widths
from edgeslim.channels.widths import width_choices
from edgeslim.conversion.optimized import unfused_graph
from edgeslim.fusion import fuse, is_merging_cheaper, mergeable_pairs
from edgeslim.opspec import OpSpec
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.predictor import Prediction, Predictor, missing_error
from edgeslim.pruning.solver import Factor, Problem, SumFactor
from edgeslim.pruning.subject import Subject, Widths

__all__ = ["LatencyModel"]

_CHOICES = 20
"""Widths of each group that are looked at, besides its own."""

_FEWEST = 2
"""Half of so few widths would be the own width alone."""

_MOST_MERGED = 3
"""Groups that two convolutions in a row depend on: what they read, pass on and write."""

_NEVER = 4.0
"""Times the whole network: the price of what must not be chosen where anything else can be."""


class LatencyModel:
    """Predicts a model at any widths, by its fused operators.

    Args:
        subject: What is pruned.
        predictor: Of a device's table.

    Raises:
        MissingLatencyError: The table knows nothing of an operator of the whole model.
    """

    def __init__(self, subject: Subject, predictor: Predictor) -> None:
        self.subject = subject
        self.predictor = predictor
        self._target = predictor.table.context.execution.target
        self._unfused = unfused_graph(subject.model)
        self._unfused_forms = AxisForms(channels_of_fused(self._unfused, subject.channels))
        self.graph = fuse(self._unfused, self._target)
        self.forms = AxisForms(channels_of_fused(self.graph, subject.channels))
        missing = predictor.predict(self.graph.specs).missing
        if missing:
            raise missing_error(predictor.table, missing)
        chosen = set(subject.chosen)
        self.choices: Mapping[str, tuple[int, ...]] = {
            name: width_choices(own, _CHOICES) if name in chosen else (own,)
            for name, own in self.forms.full.items()
        }

    def with_predictor(self, predictor: Predictor) -> LatencyModel:
        """The same with another predictor, of a table that has more by now."""
        again = copy(self)
        again.predictor = predictor
        return again

    def coarser(self) -> LatencyModel | None:
        """The same with half the widths to choose from; None if there are but few left."""
        counts = {len(widths) for widths in self.choices.values()}
        if max(counts) <= _FEWEST:
            return None
        again = copy(self)
        # Every second, and the group's own width, which is the last.
        again.choices = {name: widths[::-2][::-1] for name, widths in self.choices.items()}
        again.__dict__.pop("_terms", None)
        return again

    def predict(self, widths: Widths) -> Prediction:
        """The pruned network's latency, with what fusion makes of it at these widths."""
        pruned = prune_graph(self._unfused, ShapesAtWidths(self._unfused_forms, widths))
        return self.predictor.predict(fuse(pruned, self._target).specs)

    def latency_ms(self, widths: Widths) -> float:
        """Predicted latency; infinite if the table knows nothing of an operator then."""
        prediction = self.predict(widths)
        return float("inf") if prediction.missing else prediction.total_ms

    def touched_bytes(self, widths: Widths) -> float:
        """Bytes that the operators read and write."""
        graph = prune_graph(self.graph, ShapesAtWidths(self.forms, widths))
        rows = self.predictor.rows
        sums = rows.of(graph.specs).sum(axis=0, keepdims=True)
        return float(rows.layout.networks(sums).touched_bytes[0])

    def problem(self, losses: Mapping[str, Array], widths: Widths) -> Problem:
        """Which widths to choose, as numbers.

        What the caches hold depends on the whole network: operators are priced as in a
        network of these widths, and so the problem is solved again at the widths found.

        Args:
            losses: Loss of each of a group's `choices`.
            widths: Where the network is, about.
        """
        touched, never_ms = self.touched_bytes(widths), _NEVER * self.latency_ms({})
        names = list(self.choices)
        place = {name: index for index, name in enumerate(names)}
        factors: list[Factor] = []
        sums: list[SumFactor] = []
        constant = 0.0
        for index, known in enumerate(self._terms):
            held = isinstance(known, SumVariants) and known.fixed
            term = self._term(index, widths) if held else known
            prices = self._prices(term.specs, touched, never_ms)
            if isinstance(term, SumVariants):
                sums.append(self._sum(term, prices, place))
            elif not term.groups:
                constant += float(prices.sum())
            else:
                factors.append(
                    Factor(
                        variables=tuple(place[name] for name in term.groups),
                        costs=prices.reshape(term.shape),
                    )
                )
        return Problem(
            losses=tuple(losses.get(name, np.zeros(1)) for name in names),
            factors=tuple(_merged([*factors, *self._barriers(place, never_ms)])),
            sums=tuple(sums),
            constant=constant,
        )

    def widths_of(self, choices: Sequence[int]) -> dict[str, int]:
        """The widths that a choice for each group stands for."""
        return {
            name: widths[choice]
            for (name, widths), choice in zip(self.choices.items(), choices, strict=True)
        }

    @property
    def exact(self) -> bool:
        """Whether every operator is priced at all widths that it depends on."""
        return not any(isinstance(term, SumVariants) and term.fixed for term in self._terms)

    @cached_property
    def _terms(self) -> list[Variants | SumVariants]:
        """The operators, one by one, in the whole network."""
        return [self._term(place, self.forms.full) for place in range(len(self.graph.nodes))]

    def _term(self, place: int, widths: Widths) -> Variants | SumVariants:
        held = {**self.forms.full, **widths}
        return vary_widths(self.graph.nodes[place], self.forms, self.choices, held)

    def _prices(self, specs: Sequence[OpSpec], touched_bytes: float, never_ms: float) -> Array:
        """What each operator adds to a network that touches so many bytes."""
        rows = self.predictor.rows
        model = self.predictor.calibration.model
        operators = rows.layout.networks(rows.of(specs))
        prices = model.shares_ms(operators, touched_bytes) + model.overhead_ms * operators.counts
        known: Array = np.where(operators.missing > 0, never_ms, np.maximum(prices, 0.0))
        return known

    def _barriers(self, place: Mapping[str, int], never_ms: float) -> list[Factor]:
        """Widths at which the optimizer would merge two convolutions, made never to be chosen.

        One pair that pays and it merges every pair of the network, and so the operators are
        others than those that were priced (`edgeslim.fusion`).
        """
        found = []
        for first, second in mergeable_pairs(self.graph):
            (before,), (after,) = first.weights["Filter"], second.weights["Filter"]
            axes = [self.forms.of(before)[1], self.forms.of(before)[0], self.forms.of(after)[0]]
            shapes = [first.spec.weights["Filter"][0], second.spec.weights["Filter"][0]]
            own = [shapes[0][1], shapes[0][0], shapes[1][0]]
            groups = sorted({name for form in axes if form for name, _ in form[1]})
            if not groups or len(groups) > _MOST_MERGED:
                continue
            c_in, middle, c_out = (
                self._extent(form, size, groups) for form, size in zip(axes, own, strict=True)
            )
            costs = np.where(is_merging_cheaper(c_in, middle, c_out), never_ms, 0.0)
            shape = [len(self.choices[name]) for name in groups]
            found.append(
                Factor(
                    variables=tuple(place[name] for name in groups),
                    costs=np.broadcast_to(costs, shape).copy(),
                )
            )
        return found

    def _extent(self, form: Form | None, own: int, groups: Sequence[str]) -> IntArray:
        """The length of an axis for all choices of groups, an axis each."""
        total = np.full([1] * len(groups), own if form is None else form[0], np.int64)
        for name, times in form[1] if form else ():
            shape = [-1 if each == name else 1 for each in groups]
            total = total + times * np.array(self.choices[name], np.int64).reshape(shape)
        return total

    def _sum(self, term: SumVariants, prices: Array, place: Mapping[str, int]) -> SumFactor:
        """Prices at every sum that can be, on lines between those looked at."""
        reachable = np.zeros(1, np.int64)
        widths = [np.array(self.choices[name], np.int64) * times for name, times in term.parts]
        for each in widths:
            reachable = np.unique(reachable[:, None] + each)
        table = prices.reshape(len(term.totals), -1)
        costs = np.column_stack([np.interp(reachable, term.totals, column) for column in table.T])
        return SumFactor(
            variables=tuple(place[name] for name, _ in term.parts),
            widths=tuple(widths),
            totals=reachable,
            output=None if term.output is None else place[term.output],
            costs=costs if term.output is not None else costs[:, 0],
        )


def _merged(factors: Sequence[Factor]) -> list[Factor]:
    """Factors of the same groups as one."""
    costs: dict[tuple[int, ...], Array] = {}
    for factor in factors:
        known = costs.get(factor.variables)
        costs[factor.variables] = factor.costs if known is None else known + factor.costs
    return [Factor(variables=variables, costs=each) for variables, each in costs.items()]
