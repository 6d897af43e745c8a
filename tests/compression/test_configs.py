"""Every file of ``configs/`` from start to end: run, killed, resumed, and converted or deployed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.deployment.deploy import deploy
from edgeslim.execution import Target
from edgeslim.spaces import SPACES
from tests.compression.runs import MAPS, command, killed_after, run, same, weights
from tests.pruning.trained import save_trained
from tests.searching.made_up import made_up_table
from tests.tools import require_module
from tests.values import CONTEXT

pytestmark = pytest.mark.slow

SCORES, ONE, OTHER = MAPS


class Example(NamedTuple):
    """How a file is run at a small size.

    Args:
        name: Of the file.
        epoch: The process is killed when this one's checkpoint is there.
        overrides: Epochs, and names of the small network's feature maps.
        arguments: What else it needs.
        int8: Whether the result has int8 kernels.
        for_arm: Whether the result is converted for arm.
        here: Whether it is deployed on this machine.
    """

    name: str
    epoch: int
    overrides: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    int8: bool = False
    for_arm: bool = True
    here: bool = False


EXAMPLES = (
    Example(
        "distillation",
        1,
        (
            "compressor.epoch=4",
            "strategies.distillation.end_epoch=3",
            f"distillers.logits.student_feature_map={SCORES}",
            f"distillers.logits.teacher_feature_map={SCORES}",
            f"distillers.features.student_feature_map={ONE}",
            f"distillers.features.teacher_feature_map={ONE}",
        ),
        ("--teacher", "teacher"),
    ),
    Example("pruning_uniform", 0, ("compressor.epoch=3",)),
    Example("pruning_sensitivity", 1, ("compressor.epoch=4", "strategies.sensitive.end_epoch=2")),
    Example(
        "pruning_auto",
        2,
        (
            "compressor.epoch=6",
            "strategies.auto.end_epoch=5",
            "strategies.auto.retrain_epoch=1",
            "strategies.auto.min_ratio=0.3",
        ),
        for_arm=False,
        here=True,
    ),
    Example(
        "quantization",
        1,
        (
            "compressor.epoch=4",
            "strategies.quantization.end_epoch=3",
            "strategies.quantization.float_model_save_path=int8",
        ),
        int8=True,
    ),
    Example(
        "quantization_dist",
        2,
        (
            "compressor.epoch=5",
            "strategies.distillation.end_epoch=2",
            "strategies.quantization.start_epoch=2",
            "strategies.quantization.end_epoch=4",
            f"distillers.fsp.student_pairs=[[{ONE}, {OTHER}]]",
            f"distillers.fsp.teacher_pairs=[[{ONE}, {OTHER}]]",
            f"distillers.l2.student_feature_map={SCORES}",
            f"distillers.l2.teacher_feature_map={SCORES}",
        ),
        ("--teacher", "teacher"),
        int8=True,
    ),
    Example(
        "quantization_pruning",
        1,
        (
            "compressor.epoch=4",
            "strategies.quantization.start_epoch=1",
            "strategies.quantization.end_epoch=3",
        ),
        int8=True,
        here=True,
    ),
    Example(
        "light_nas",
        1,
        ("compressor.epoch=3", "strategies.nas.search_steps=2", "strategies.nas.target_latency=1s"),
        ("--table", "phone.jsonl", "--input-shape", "1,1,8,8"),
        for_arm=False,
        here=True,
    ),
)


def arguments(example: Example, folder: Path) -> tuple[object, ...]:
    return (*command(example.name, folder, *example.overrides), *example.arguments)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Folders of each example, run whole and killed and resumed."""
    base = tmp_path_factory.mktemp("configs")
    save_trained(base / "net")
    save_trained(base / "teacher")
    context = msgspec.structs.replace(CONTEXT, device="some-phone", provenance="made up")
    space = SPACES.get("light-nas-small").space((1, 1, 8, 8), 10)
    made_up_table(base / "phone.jsonl", space, context)
    folders = {}
    for example in EXAMPLES:
        for kind in ("whole", "killed"):
            folder = base / f"{example.name}-{kind}"
            folder.mkdir()
            for file in (*base.glob("*.pd*"), base / "phone.jsonl"):
                shutil.copy(file, folder)
            folders[example.name, kind] = folder
    for example in EXAMPLES:
        folder = folders[example.name, "killed"]
        killed_after(folder, *arguments(example, folder), epoch=example.epoch)
        assert not (folder / "ckpt" / "model.pdmodel").exists()
        for kind, more in (("whole", ()), ("killed", ("--resume",))):
            folder = folders[example.name, kind]
            done = run(folder, *arguments(example, folder), *more)
            assert done.code == 0, done.err
    return folders


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_killed_and_resumed_the_weights_are_the_same(
    runs: dict[tuple[str, str], Path], example: Example
) -> None:
    whole, resumed = (weights(runs[example.name, kind]) for kind in ("whole", "killed"))
    assert same(whole, resumed)


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each.for_arm], ids=lambda each: each.name
)
def test_the_result_converts_for_arm(
    runs: dict[tuple[str, str], Path], example: Example, tmp_path: Path
) -> None:
    require_module("paddlelite")
    model = prepare(find_model(str(runs[example.name, "whole"] / "ckpt")), tmp_path / "model")
    kernels = optimize(model, Target.ARM, tmp_path / "out").facts.kernels
    convolutions = [each for each in kernels if "conv2d" in each.operator]
    assert convolutions
    int8 = [each for each in convolutions if each.precision == 2]
    assert bool(int8) == example.int8, convolutions


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each.here], ids=lambda each: each.name
)
def test_the_result_is_deployed(
    runs: dict[tuple[str, str], Path], example: Example, tmp_path: Path
) -> None:
    """On this machine, whose int8 kernels are wrong for 8 bits: that is said, and floats run."""
    precisions = ("fp32", "int8") if example.int8 else ()
    done = deploy(
        str(runs[example.name, "whole"] / "ckpt"),
        device="host",
        out=tmp_path / "out",
        precisions=precisions,
        baseline="none",
        rounds=1,
    )
    (model,) = done.models
    assert model.latency_ms > 0
    assert model.outputs is not None
    assert model.outputs.max_rel < 1e-3
    assert Path(model.optimized).exists()
    assert [each.precision.value for each in done.failures] == ["int8"] * example.int8


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.name)
def test_every_epoch_is_told_once(runs: dict[tuple[str, str], Path], example: Example) -> None:
    for kind in ("whole", "killed"):
        folder = runs[example.name, kind]
        lines = (folder / "ckpt" / "metrics.jsonl").read_bytes().splitlines()
        told = [msgspec.json.decode(line) for line in lines]
        epochs = int(example.overrides[0].partition("=")[2])
        assert [each["epoch"] for each in told] == list(range(epochs))
        assert all(0.1 < each["accuracy"] <= 1 for each in told)
        assert (folder / "ckpt" / str(epochs - 1)).is_dir()


def test_a_quantized_model_is_also_where_the_configuration_says(
    runs: dict[tuple[str, str], Path],
) -> None:
    folder = runs["quantization", "whole"]
    own = (folder / "int8" / "model.pdiparams").read_bytes()
    assert own == (folder / "ckpt" / "model.pdiparams").read_bytes()


def test_two_steps_by_sensitivities_come_down_to_the_target(
    runs: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    from edgeslim import ops

    folder = runs["pruning_sensitivity", "whole"]
    before, after = (
        ops.paddleslim1_flops(prepare(find_model(str(path)), tmp_path / name).graph.specs)
        for name, path in (("before", folder / "net"), ("after", folder / "ckpt"))
    )
    assert after <= 0.5 * before
