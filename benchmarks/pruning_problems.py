"""Problems of pruning as networks pose them, made up or from a file.

Costs have the stairs of kernels that work on blocks of 4 input and 8 output channels, traffic
of memory, a start for each operator and measurement noise; losses are convex with noise
(``smooth``), or have nothing to do with width at all (``wild``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeslim.pruning.solver import ChoiceProblem, Factor, SumFactor

MACS_PER_MS = 1.0e7
BYTES_PER_MS = 8.0e6
START_MS = 0.01


class Network:
    """A problem that grows operator by operator."""

    def __init__(self, seed: int, *, wild: bool, noise: float = 0.01) -> None:
        self.rng = np.random.default_rng(seed)
        self.wild = wild
        self.noise = noise
        self.widths: list[NDArray[np.int64]] = []
        self.losses: list[NDArray[np.float64]] = []
        self.factors: list[Factor] = []
        self.sums: list[SumFactor] = []
        self.constant = 0.0

    def group(self, full: int, most: int = 24) -> int:
        """A new variable: up to ``most`` widths, multiples of 4 where there are enough."""
        step = max(1, min(4, full // 8))
        widths = np.linspace(max(step, full // 10), full, most) / step
        self.widths.append(np.unique(np.round(widths).astype(np.int64) * step))
        removed = 1 - self.widths[-1] / full
        if self.wild:
            losses = self.rng.uniform(0, 1, len(removed))
            losses[-1] = 0.0
        else:
            weight, power = self.rng.lognormal(-1.0, 1.0), self.rng.uniform(1.3, 3.0)
            jitter = 1 + self.rng.normal(0, 0.05, len(removed))
            losses = weight * removed**power * np.maximum(jitter, 0.1)
        self.losses.append(losses)
        return len(self.widths) - 1

    def conv(self, into: int | None, out: int | None, size: int, side: int, fixed: int = 3) -> None:
        """A convolution; a side without a variable has ``fixed`` channels."""
        c_in = np.array([fixed]) if into is None else self.widths[into]
        c_out = np.array([fixed]) if out is None else self.widths[out]
        costs = self._conv_ms(c_in[:, None], c_out[None, :], size, side)
        kept = tuple(each for each in (into, out) if each is not None)
        shape = tuple(len(self.widths[each]) for each in kept)
        self.factors.append(Factor(variables=kept, costs=costs.reshape(shape)))

    def each_channel(self, group: int, size: int, side: int) -> None:
        """Depthwise, pooling, additions."""
        width = np.ceil(self.widths[group] / 4) * 4
        costs = width * (size**2 * side**2 / MACS_PER_MS * 2 + side**2 * 8 / BYTES_PER_MS)
        self.factors.append(Factor(variables=(group,), costs=self._noisy(costs + START_MS)))

    def concat_conv(self, parts: list[int], out: int, size: int, side: int) -> None:
        """A convolution of a concatenation."""
        totals = np.zeros(1, dtype=np.int64)
        for part in parts:
            totals = np.unique(totals[:, None] + self.widths[part])
        costs = self._conv_ms(totals[:, None], self.widths[out][None, :], size, side)
        self.sums.append(
            SumFactor(
                variables=tuple(parts),
                widths=tuple(self.widths[part] for part in parts),
                totals=totals,
                output=out,
                costs=costs,
            )
        )

    def problem(self) -> ChoiceProblem:
        return ChoiceProblem(
            losses=tuple(self.losses),
            factors=tuple(self.factors),
            sums=tuple(self.sums),
            constant=self.constant,
        )

    def _conv_ms(
        self, c_in: NDArray[np.int64], c_out: NDArray[np.int64], size: int, side: int
    ) -> NDArray[np.float64]:
        blocks = np.ceil(c_in / 4) * 4 * np.ceil(c_out / 8) * 8
        moved = 4 * (c_in + c_out) * side**2 + 4 * c_in * c_out * size**2
        return self._noisy(
            blocks * size**2 * side**2 / MACS_PER_MS + moved / BYTES_PER_MS + START_MS
        )

    def _noisy(self, costs: NDArray[np.float64]) -> NDArray[np.float64]:
        return costs * (1 + self.rng.normal(0, self.noise, costs.shape).clip(-0.5, 0.5))


def resnet50(seed: int, *, wild: bool = False) -> ChoiceProblem:
    """Each stage's residual width is tied with both inner widths of all of its blocks."""
    net = Network(seed, wild=wild)
    stem = net.group(64)
    net.conv(None, stem, 7, 112)
    net.each_channel(stem, 3, 56)
    into = stem
    for width, count, side in ((64, 3, 56), (128, 4, 28), (256, 6, 14), (512, 3, 7)):
        stage = net.group(width * 4)
        net.conv(into, stage, 1, side)
        for _ in range(count):
            first, second = net.group(width), net.group(width)
            net.conv(into, first, 1, side)
            net.conv(first, second, 3, side)
            net.conv(second, stage, 1, side)
            net.each_channel(stage, 1, side)
            into = stage
    net.conv(into, None, 1, 1, fixed=1000)
    return net.problem()


def mobilenet_v2(seed: int, *, wild: bool = False) -> ChoiceProblem:
    """Residual widths tied with the widened ones of their blocks."""
    net = Network(seed, wild=wild)
    into = net.group(32)
    net.conv(None, into, 3, 112)
    side = 112
    rows = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1))  # fmt: skip
    width_in = 32
    for expansion, width, count, stride in rows:
        stage = net.group(width)
        for index in range(count):
            inner = net.group(width_in * expansion)
            net.conv(into, inner, 1, side)
            side //= stride if index == 0 else 1
            net.each_channel(inner, 3, side)
            net.conv(inner, stage, 1, side)
            if index:
                net.each_channel(stage, 1, side)
            into, width_in = stage, width
    last = net.group(1280)
    net.conv(into, last, 1, side)
    net.conv(last, None, 1, 1, fixed=1000)
    return net.problem()


def densenet(seed: int, *, wild: bool = False) -> ChoiceProblem:
    """Every layer reads the concatenation of all before it; two blocks of DenseNet-121's four."""
    net = Network(seed, wild=wild)
    stem = net.group(64, most=8)
    net.conv(None, stem, 7, 112)
    into = stem
    for layers, side, left in ((6, 56, 128), (12, 28, 256)):
        parts = [into]
        for _ in range(layers):
            narrow, grown = net.group(128, most=16), net.group(32, most=8)
            if len(parts) > 1:
                net.concat_conv(parts, narrow, 1, side)
            else:
                net.conv(into, narrow, 1, side)
            net.conv(narrow, grown, 3, side)
            parts.append(grown)
        into = net.group(left, most=16)
        net.concat_conv(parts, into, 1, side)
    net.conv(into, None, 1, 1, fixed=1000)
    return net.problem()


NETWORKS = {"resnet50": resnet50, "mobilenet_v2": mobilenet_v2, "densenet": densenet}


def save_problem(problem: ChoiceProblem, path: Path) -> None:
    """As one ``.npz`` of plain numbers; variables are a few integers, and -1 is no output."""
    arrays: dict[str, NDArray[np.generic]] = {"constant": np.array(problem.constant)}
    for index, losses in enumerate(problem.losses):
        arrays[f"losses.{index}"] = losses
    for index, factor in enumerate(problem.factors):
        arrays[f"factor.{index}.variables"] = np.array(factor.variables, dtype=np.int64)
        arrays[f"factor.{index}.costs"] = factor.costs
    for index, each in enumerate(problem.sums):
        arrays[f"sum.{index}.variables"] = np.array(each.variables, dtype=np.int64)
        arrays[f"sum.{index}.totals"] = each.totals
        arrays[f"sum.{index}.output"] = np.array(-1 if each.output is None else each.output)
        arrays[f"sum.{index}.costs"] = each.costs
        for part, widths in enumerate(each.widths):
            arrays[f"sum.{index}.widths.{part}"] = widths
    np.savez_compressed(path, **arrays)


def load_problem(path: Path) -> ChoiceProblem:
    """What ``save_problem`` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        counts = {
            kind: len({name.split(".")[1] for name in arrays if name.startswith(f"{kind}.")})
            for kind in ("losses", "factor", "sum")
        }
        sums = []
        for index in range(counts["sum"]):
            name = f"sum.{index}"
            variables = tuple(map(int, arrays[f"{name}.variables"]))
            output = int(arrays[f"{name}.output"])
            sums.append(
                SumFactor(
                    variables=variables,
                    widths=tuple(arrays[f"{name}.widths.{part}"] for part in range(len(variables))),
                    totals=arrays[f"{name}.totals"],
                    output=None if output < 0 else output,
                    costs=arrays[f"{name}.costs"],
                )
            )
        return ChoiceProblem(
            losses=tuple(arrays[f"losses.{index}"] for index in range(counts["losses"])),
            factors=tuple(
                Factor(
                    variables=tuple(map(int, arrays[f"factor.{index}.variables"])),
                    costs=arrays[f"factor.{index}.costs"],
                )
                for index in range(counts["factor"])
            ),
            sums=tuple(sums),
            constant=float(arrays["constant"]),
        )
