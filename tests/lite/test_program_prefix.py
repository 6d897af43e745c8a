"""Parts of an optimized file have the operators of the whole file, and the runtime runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import BadFileError
from edgeslim.execution import Target
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.lite.program_prefix import ProgramPrefixes
from edgeslim.optimized_program import OperatorCall, OptimizedProgram
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet
from tests.lite.runtime import outputs_in_paddle_lite

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with a branch, a sum of both and several operators with two outputs."""
    paddle: Any = load_paddle()
    paddle.seed(0)

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = paddle.nn.Conv2D(3, 8, 3, padding=1)
            self.left = paddle.nn.Conv2D(8, 8, 3, padding=1, groups=8)
            self.right = paddle.nn.Conv2D(8, 8, 1)
            self.last = paddle.nn.Linear(8, 5)

        def forward(self, images: Any) -> Any:
            relu = paddle.nn.functional.relu
            start = relu(self.first(images))
            one, other = paddle.split(self.left(start) + self.right(start), 2, axis=1)
            joined = paddle.concat([other, relu(one)], axis=1)
            return paddle.nn.functional.softmax(self.last(joined.mean([2, 3])))

    folder = tmp_path_factory.mktemp("prefixes")
    export_layer(Net(), [(1, 3, 8, 8)], folder / "net")
    model = prepare(SavedModel.at(folder / "net"), folder / "model")
    return optimize(model, Target.X86, folder / "net").path


def steps_of(program: OptimizedProgram, image: Array) -> list[Mapping[str, Array]]:
    """What each operator computes, by the meaning of the operators."""
    found: list[Mapping[str, Array]] = []

    def watch(_number: int, _call: OperatorCall, outputs: Mapping[str, Array]) -> None:
        found.append(dict(outputs))

    OptimizedNet(program).run({program.feeds[0]: image}, watch)
    return found


def test_each_part_has_the_same_operators_kernels_and_weights(file: Path, tmp_path: Path) -> None:
    whole = read_optimized_program(file)
    prefixes = ProgramPrefixes(file.read_bytes())
    assert list(prefixes.kinds) == [call.kind for call in whole.calls]
    for count in range(1, len(prefixes) + 1):
        path = tmp_path / f"first{count}.nb"
        path.write_bytes(prefixes.cut(count))
        part = read_optimized_program(path)
        for mine, theirs in zip(part.calls, whole.calls[:count], strict=True):
            assert (mine.kind, mine.kernel, mine.inputs, mine.outputs, mine.attributes) == (
                *(theirs.kind, theirs.kernel, theirs.inputs, theirs.outputs),
                theirs.attributes,
            )
        assert part.feeds == whole.feeds
        assert part.fetches[0] in {n for names in part.calls[-1].outputs.values() for n in names}
        read = {n for call in part.calls for names in call.inputs.values() for n in names}
        assert set(part.weights) == read & set(whole.weights)
        for name, weight in part.weights.items():
            assert np.array_equal(weight, whole.weights[name])
        assert read_optimized_model(path).library_version == "v2.13-rc"


def test_the_runtime_computes_in_each_part_what_its_last_operator_means(
    file: Path, tmp_path: Path
) -> None:
    whole = read_optimized_program(file)
    image = np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32)
    meant = steps_of(whole, image)
    prefixes = ProgramPrefixes(file.read_bytes())
    paths = [tmp_path / f"first{count}.nb" for count in range(1, len(prefixes) + 1)]
    for count, path in enumerate(paths, 1):
        path.write_bytes(prefixes.cut(count))
    found = outputs_in_paddle_lite(dict.fromkeys(paths, image))
    assert len(found) == len(meant)
    for path, (output,), step in zip(paths, found, meant, strict=True):
        name = read_optimized_program(path).fetches[0]
        assert np.allclose(output.ravel(), step[name].ravel(), rtol=1e-3, atol=1e-5), path


def test_weights_are_counted_where_they_are_read_first(file: Path) -> None:
    prefixes = ProgramPrefixes(file.read_bytes())
    sizes = prefixes.weight_bytes()
    assert len(sizes) == len(prefixes)
    assert sizes[0] >= 4 * 8 * 3 * 3 * 3
    assert sum(sizes) < file.stat().st_size
    assert [size > 0 for size in sizes] == [
        kind in {"conv2d", "depthwise_conv2d", "matmul_v2", "fc", "mul"}
        or (kind == "elementwise_add" and place > prefixes.kinds.index("concat"))
        for place, kind in enumerate(prefixes.kinds)
    ]


@pytest.mark.parametrize("count", [0, -1, 1000])
def test_a_part_has_at_least_one_operator_and_at_most_all(file: Path, count: int) -> None:
    prefixes = ProgramPrefixes(file.read_bytes())
    with pytest.raises(ValueError, match=f"{count} cannot be kept"):
        prefixes.cut(count)


def test_what_is_no_optimized_model_is_refused(file: Path) -> None:
    with pytest.raises(BadFileError, match="not a whole optimized model"):
        ProgramPrefixes(file.read_bytes()[:200])
