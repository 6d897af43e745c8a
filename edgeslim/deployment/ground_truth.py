"""The ground truth of a converted model: inputs, and what Paddle computes for them.

Not every input proves something. Where Paddle itself gives no finite number, or gives the same
for every input, a device that computes something else could agree with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgeslim.conversion.model_inputs import GivenInputs, check_input_types, make_noise
from edgeslim.conversion.paddle_outputs import paddle_outputs
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.index_outputs import IndexOutput, index_outputs_of, settle_ties
from edgeslim.deployment.judgement import (
    Array,
    OutputDifference,
    difference_of,
    is_discrete,
    is_varying,
)
from edgeslim.errors import ModelError
from edgeslim.execution import Precision
from edgeslim.graph import Graph
from edgeslim.paddle_io.export import run_batches_in_paddle

__all__ = ["LOUDER", "GroundTruth", "check_proves", "paddle_truth", "truth_of"]

LOUDER = 8.0
"""Factor of the louder inputs: enough that sums of convolutions pass 6, where ``relu6`` ends."""

_FEWEST = 2
"""Fewest inputs: with one alone nobody can see whether outputs depend on it."""

_SCALES = (1.0, 10.0, 0.1, 100.0, 0.01)
"""Scales of noise: the first, and the others if outputs are the same for all of it. A class that
is found in any noise of one size may not be found in that of another."""

_OF_SHAPES_ALONE = {
    "anchor_generator",
    "density_prior_box",
    "fill_any_like",
    "fill_constant_batch_size_like",
    "fill_zeros_like",
    "prior_box",
    "rank",
    "shape",
    "size",
}
"""Operators whose results depend on the shapes of what they read, and not on its values."""

_MEND = "give inputs that the model is made for with --inputs FILE.npz"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GroundTruth:
    """Inputs of a model, and what Paddle computes for each.

    Args:
        inputs: For each input of the whole model, its arrays by name.
        outputs: For each input, all outputs in order.
        choices: Outputs that are indices, by their number, with their scores for each input.
        louder: How many inputs, the last ones, are so much larger than the others that they are
            judged by themselves.
    """

    inputs: tuple[Mapping[str, Array], ...]
    outputs: tuple[Sequence[Array], ...]
    choices: Mapping[int, tuple[IndexOutput, Sequence[Array]]] = field(default_factory=dict)
    louder: int = 0

    @property
    def quiet(self) -> GroundTruth:
        """The same without the louder inputs."""
        count = len(self.inputs) - self.louder
        return replace(self, inputs=self.inputs[:count], outputs=self.outputs[:count], louder=0)

    def differences(self, found: Sequence[Sequence[Array]]) -> list[OutputDifference]:
        """How far outputs are from the truth, and in a second value those of louder inputs.

        Raises:
            ModelError: An output has another number of elements.
        """
        quiet = len(self.inputs) - self.louder
        parts = [slice(quiet), *([slice(quiet, None)] if self.louder else [])]
        return [difference_of(self.outputs[part], found[part]) for part in parts]

    def settle_ties(
        self, found: Sequence[Sequence[Array]], precision: Precision = Precision.FP32
    ) -> list[list[Array]]:
        """Outputs in which indices of equal scores are replaced by the true ones.

        Args:
            found: All outputs of each input.
            precision: Precision that they were computed in, which says when scores are equal.
        """
        result = [list(arrays) for arrays in found]
        for place, (among, scores) in self.choices.items():
            for number, outputs in enumerate(result):
                true = self.outputs[number][place]
                if outputs[place].size == true.size:
                    outputs[place] = settle_ties(
                        true, outputs[place], scores[number], among.axis, precision
                    )
        return result

    def sample(self, count: int) -> GroundTruth:
        """The same for some of the inputs, evenly spaced."""
        places = np.unique(np.linspace(0, len(self.inputs) - 1, count).astype(int))
        return GroundTruth(
            inputs=tuple(self.inputs[place] for place in places),
            outputs=tuple(self.outputs[place] for place in places),
            choices={
                output: (among, [scores[place] for place in places])
                for output, (among, scores) in self.choices.items()
            },
        )


def paddle_truth(
    model: PreparedModel, count: int = _FEWEST, *, louder: bool = False
) -> GroundTruth:
    """What Paddle computes for the user's own inputs, or for at least two inputs of noise.

    Args:
        model: The model as it was prepared.
        count: How many inputs of noise.
        louder: Whether the first input is added `LOUDER` times as large, if Paddle gives finite
            numbers for it: plain noise seldom reaches the bounds of activations or of numbers.

    Raises:
        ModelError: Paddle cannot load or run it, or nothing is proved by what it computes.
    """
    check_input_types(model.graph, model.name)
    if model.given is not None:
        return _given_truth(model, model.given)
    generator = np.random.default_rng(0)
    count = max(count, _FEWEST)

    def noise(number: int) -> dict[str, Array]:
        more = max(0, number - count + 1)
        return make_noise(model.graph, generator, scale=_SCALES[more], wider=min(more, 3))

    inputs = [noise(number) for number in range(count)]
    larger = _larger(inputs[0]) if louder else []
    outputs, loud = _outputs_of_both(model, inputs, larger)
    if _steady_outputs(model.graph, outputs):
        others = [noise(number) for number in range(count, count + len(_SCALES) - 1)]
        inputs += others
        outputs += paddle_outputs(model, others)
    truth = GroundTruth(inputs=tuple(inputs), outputs=tuple(outputs))
    check_proves(model, truth)
    if loud and _first_without_number(model, loud) is None:
        truth = GroundTruth(
            inputs=(*inputs, *larger), outputs=(*outputs, *loud), louder=len(larger)
        )
    return _with_choices(model, truth)


def _larger(inputs: Mapping[str, Array]) -> list[dict[str, Array]]:
    """The same inputs with floats `LOUDER` times as large; nothing if there are no floats."""
    if not any(array.dtype == np.float32 for array in inputs.values()):
        return []
    return [
        {
            name: array * np.float32(LOUDER) if array.dtype == np.float32 else array
            for name, array in inputs.items()
        }
    ]


def _outputs_of_both(
    model: PreparedModel, inputs: list[dict[str, Array]], larger: list[dict[str, Array]]
) -> tuple[list[list[Array]], list[list[Array]]]:
    """What Paddle computes for some inputs, and for larger ones if it runs with them at all."""
    try:
        outputs = paddle_outputs(model, [*inputs, *larger])
    except ModelError:
        if not larger:
            raise
        return paddle_outputs(model, inputs), []
    return outputs[: len(inputs)], outputs[len(inputs) :]


def truth_of(model: PreparedModel, inputs: Sequence[Mapping[str, Array]]) -> GroundTruth:
    """What Paddle computes for some inputs, whether or not that proves anything.

    Raises:
        ModelError: Paddle cannot load or run it.
    """
    outputs = tuple(paddle_outputs(model, inputs))
    return _with_choices(model, GroundTruth(inputs=tuple(inputs), outputs=outputs))


def _with_choices(model: PreparedModel, truth: GroundTruth) -> GroundTruth:
    """The same with the scores of outputs that are indices, if there are any."""
    choices = index_outputs_of(model.graph)
    if not choices:
        return truth
    names = list(dict.fromkeys(among.scores for among in choices.values()))
    values = run_batches_in_paddle(model.prefix, truth.inputs, also=names, name=model.name)
    behind = len(model.graph.fetches)
    return replace(
        truth,
        choices={
            place: (among, [computed[behind + names.index(among.scores)] for computed in values])
            for place, among in choices.items()
        },
    )


def _given_truth(model: PreparedModel, given: GivenInputs) -> GroundTruth:
    """What Paddle computes for the user's own inputs.

    Whether outputs depend on them is seen beside the same values in another order, and halved:
    Paddle alone is asked for those.
    """
    truth = GroundTruth(
        inputs=(given.arrays,), outputs=tuple(paddle_outputs(model, [given.arrays]))
    )
    _check_finite(model, truth.outputs, str(given.path))
    reversed_, halved = (
        {name: change(array) for name, array in given.arrays.items()}
        for change in (lambda array: array.ravel()[::-1].reshape(array.shape), _halve)
    )
    try:
        others = paddle_outputs(model, [reversed_, halved])
    except ModelError:  # values in places where they do not belong
        return _with_choices(model, truth)
    _check_varying(model, (*truth.outputs, *others), f"those of {given.path} and changed ones")
    return _with_choices(model, truth)


def _halve(array: Array) -> Array:
    if array.dtype == bool:
        return ~array
    return array // 2 if is_discrete(array) else array * np.float32(0.5)


def check_proves(model: PreparedModel, truth: GroundTruth) -> None:
    """That agreeing with these outputs for noise says that a model is right.

    Raises:
        ModelError: An output has what is no finite number, or does not depend on the inputs.
    """
    _check_finite(model, truth.outputs, "noise")
    _check_varying(model, truth.outputs, f"{len(truth.inputs)} different inputs of noise")


def _check_finite(model: PreparedModel, computed: Sequence[Sequence[Array]], what: str) -> None:
    first = _first_without_number(model, computed)
    if first is None:
        return
    name, array = first
    found = "NaN" if np.any(np.isnan(array)) else "infinity"
    raise ModelError(
        f"{model.name}: with {what} for {_format_names('input', list(model.graph.feeds))} Paddle "
        f"itself gives {found} at output {name!r}, so nothing can be proved of it; {_MEND}"
    )


def _first_without_number(
    model: PreparedModel, computed: Sequence[Sequence[Array]]
) -> tuple[str, Array] | None:
    """The first output that has what is no finite number."""
    for outputs in computed:
        for name, array in zip(model.graph.fetches, outputs, strict=True):
            if not is_discrete(array) and not np.all(np.isfinite(array)):
                return name, array
    return None


def _check_varying(model: PreparedModel, computed: Sequence[Sequence[Array]], what: str) -> None:
    fed = _format_names("input", list(model.graph.feeds))
    steady = _steady_outputs(model.graph, computed)
    if steady:
        zero = all(not np.any(outputs[steady[0]]) for outputs in computed)
        raise ModelError(
            f"{model.name}: output {model.graph.fetches[steady[0]]!r} does not depend on {fed}: "
            f"Paddle gives {'nothing but 0' if zero else 'the same'} for {what}, so nothing can "
            f"be proved of it; {_MEND}, and trained weights if it has none"
        )


def _format_names(what: str, names: Sequence[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"


def _steady_outputs(graph: Graph, outputs: Sequence[Sequence[Array]]) -> list[int]:
    """Which outputs ought to vary with the input and do not.

    Beside an output that varies, one that only knows shapes (boxes to begin with) is as it must
    be, and integers (a class, a count) may well be the same for two inputs.
    """
    steady = [
        place
        for place, arrays in enumerate(zip(*outputs, strict=True))
        if not is_varying(arrays) and arrays[0].size
    ]
    if len(steady) == len(graph.fetches):
        return steady
    read = _names_depending_on_values(graph)
    return [
        place
        for place in steady
        if graph.fetches[place] in read and not is_discrete(outputs[0][place])
    ]


def _names_depending_on_values(graph: Graph) -> set[str]:
    """Names of what is computed from the values of inputs, not from their shapes alone."""
    found = set(graph.feeds)
    for node in graph.nodes:
        if node.spec.kind not in _OF_SHAPES_ALONE and found.intersection(node.reads()):
            found.update(node.writes())
    return found
