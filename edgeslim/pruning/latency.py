"""Latency of a model at any widths, from a table, and the problem of choosing widths."""

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
from edgeslim.prediction.predictor import Prediction, Predictor
from edgeslim.pruning.solver import ChoiceProblem, Factor, SumFactor
from edgeslim.pruning.subject import PrunableModel, Widths

__all__ = ["LatencyModel"]

_CHOICES = 20
"""Number of widths of each group to choose from, besides its full width."""

_FEWEST = 2
"""Half of so few widths would be the full width alone."""

_MOST_MERGED = 3
"""Groups that two consecutive convolutions depend on: of their input, between them, and output."""

_NEVER = 4.0
"""Price of widths that must not be chosen, as a multiple of the whole network's latency."""


class LatencyModel:
    """Predicts the latency of a model at any widths, by its fused operators.

    Args:
        subject: The model to be pruned.
        predictor: Predictor by a device's table.

    Raises:
        MissingLatencyError: The table has nothing like an operator of the whole model.
    """

    def __init__(self, subject: PrunableModel, predictor: Predictor) -> None:
        self.subject = subject
        self.predictor = predictor
        self._target = predictor.table.context.execution.target
        self._unfused = unfused_graph(subject.model)
        self._unfused_forms = AxisForms(channels_of_fused(self._unfused, subject.channels))
        self.graph = fuse(self._unfused, self._target)
        self.forms = AxisForms(channels_of_fused(self.graph, subject.channels))
        missing = predictor.predict(self.graph.specs).missing
        if missing:
            raise predictor.missing_error(missing)
        chosen = set(subject.chosen)
        # Annealing asks for the neighbours of a network again and again.
        self._latencies_ms: dict[tuple[tuple[str, int], ...], float] = {}
        self.choices: Mapping[str, tuple[int, ...]] = {
            name: width_choices(own, _CHOICES) if name in chosen else (own,)
            for name, own in self.forms.full.items()
        }

    def with_predictor(self, predictor: Predictor) -> LatencyModel:
        """The same model with another predictor, by a table with more measurements."""
        again = copy(self)
        again.predictor = predictor
        again.__dict__["_latencies_ms"] = {}
        return again

    def coarser(self) -> LatencyModel | None:
        """The same model with half the widths to choose from; None if only few are left."""
        counts = {len(widths) for widths in self.choices.values()}
        if max(counts) <= _FEWEST:
            return None
        again = copy(self)
        # Every second, and the group's own width, which is the last.
        again.choices = {name: widths[::-2][::-1] for name, widths in self.choices.items()}
        again.__dict__.pop("_terms", None)
        return again

    def predict(self, widths: Widths) -> Prediction:
        """Prediction of the pruned network, fused as it is at these widths."""
        pruned = prune_graph(self._unfused, ShapesAtWidths(self._unfused_forms, widths))
        return self.predictor.predict(fuse(pruned, self._target).specs)

    def latency_ms(self, widths: Widths) -> float:
        """Predicted latency; infinite if the table has nothing like one of its operators."""
        key = tuple(sorted(widths.items()))
        if key not in self._latencies_ms:
            prediction = self.predict(widths)
            found = float("inf") if prediction.missing else prediction.total_ms
            self._latencies_ms[key] = found
        return self._latencies_ms[key]

    def touched_bytes(self, widths: Widths) -> float:
        """Bytes that the operators read and write."""
        graph = prune_graph(self.graph, ShapesAtWidths(self.forms, widths))
        rows = self.predictor.rows
        sums = rows.of(graph.specs).sum(axis=0, keepdims=True)
        return float(rows.layout.networks(sums).touched_bytes[0])

    def problem(self, losses: Mapping[str, Array], widths: Widths) -> ChoiceProblem:
        """The problem of choosing widths, for the solver.

        What the caches hold depends on the whole network: operators are priced as in a
        network of these widths, and so the problem is solved again at the widths found.

        Args:
            losses: Losses at the `choices` of each group, by its name.
            widths: Widths near those that will be found.
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
        return ChoiceProblem(
            losses=tuple(losses.get(name, np.zeros(1)) for name in names),
            factors=tuple(_add_factors([*factors, *self._barriers(place, never_ms)])),
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
    def is_exact(self) -> bool:
        """Whether every operator is priced at all widths that it depends on."""
        return not any(isinstance(term, SumVariants) and term.fixed for term in self._terms)

    @cached_property
    def _terms(self) -> list[Variants | SumVariants]:
        """Each operator of the network, at all widths it depends on."""
        return [self._term(place, self.forms.full) for place in range(len(self.graph.nodes))]

    def _term(self, place: int, widths: Widths) -> Variants | SumVariants:
        held = {**self.forms.full, **widths}
        return vary_widths(self.graph.nodes[place], self.forms, self.choices, held)

    def _prices(self, specs: Sequence[OpSpec], touched_bytes: float, never_ms: float) -> Array:
        """Milliseconds that each operator adds to a network that touches so many bytes."""
        rows = self.predictor.rows
        model = self.predictor.calibration.model
        operators = rows.layout.networks(rows.of(specs))
        prices = model.shares_ms(operators, touched_bytes) + model.overhead_ms * operators.counts
        known: Array = np.where(operators.missing > 0, never_ms, np.maximum(prices, 0.0))
        return known

    def _barriers(self, place: Mapping[str, int], never_ms: float) -> list[Factor]:
        """Prohibitive costs of widths at which the optimizer would merge two convolutions.

        If merging one pair pays, it merges every pair of the network, and the operators are not
        those that were priced (`edgeslim.fusion`).
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
        """The length of an axis for all choices of groups, one axis for each group."""
        total = np.full([1] * len(groups), own if form is None else form[0], np.int64)
        for name, times in form[1] if form else ():
            shape = [-1 if group == name else 1 for group in groups]
            total = total + times * np.array(self.choices[name], np.int64).reshape(shape)
        return total

    def _sum(self, term: SumVariants, prices: Array, place: Mapping[str, int]) -> SumFactor:
        """Prices at every possible sum of widths, interpolated between the evaluated sums."""
        reachable = np.zeros(1, np.int64)
        widths = [np.array(self.choices[name], np.int64) * times for name, times in term.parts]
        for part_widths in widths:
            reachable = np.unique(reachable[:, None] + part_widths)
        table = prices.reshape(len(term.totals), -1)
        costs = np.column_stack([np.interp(reachable, term.totals, column) for column in table.T])
        return SumFactor(
            variables=tuple(place[name] for name, _ in term.parts),
            widths=tuple(widths),
            totals=reachable,
            output=None if term.output is None else place[term.output],
            costs=costs if term.output is not None else costs[:, 0],
        )


def _add_factors(factors: Sequence[Factor]) -> list[Factor]:
    """Adds up factors of the same groups."""
    costs: dict[tuple[int, ...], Array] = {}
    for factor in factors:
        known = costs.get(factor.variables)
        costs[factor.variables] = factor.costs if known is None else known + factor.costs
    return [Factor(variables=variables, costs=total) for variables, total in costs.items()]
