"""A network that is quantized, explained and partly kept in floats, by a task of its own."""

from __future__ import annotations

from pathlib import Path

import paddle
import pytest

from edgeslim.errors import ModelError
from edgeslim.progress import SILENT
from edgeslim.training.program_net import load_program_net
from edgeslim.training.quantization.calibration_images import CalibrationImages
from edgeslim.training.quantization.layer_costs import LayerCosts
from edgeslim.training.quantization.settings import QuantizationSettings
from edgeslim.training.quantization.work import QuantizationWork
from edgeslim.training.tasks import LabelledImages, TaskData
from tests.training.quantization.nets import Small, images, made, program_net

pytestmark = pytest.mark.slow

COSTS = LayerCosts(macs={}, float_ms={})


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> QuantizationWork:
    """A network that is always right in floats, since it made the labels; with 2 bits it is not."""
    folder = tmp_path_factory.mktemp("work")
    paddle.seed(0)
    program_net(made(Small(paddle.nn.ReLU(), classes=4)), folder / "made").save(folder / "net")
    net = load_program_net(folder / "net")
    pictures = images(96)
    net.eval()
    scores = net(paddle.to_tensor(pictures))[0].numpy()
    # Scores without their means, so that all classes occur.
    bias = next(name for name, value in net.tensors().items() if value.shape == (4,))
    net.set_tensors({bias: net.tensors()[bias] - scores.mean(axis=0)})
    net.save(folder / "net")
    labels = (scores - scores.mean(axis=0)).argmax(axis=1)
    examples = LabelledImages(images=pictures, labels=labels)
    return QuantizationWork(
        prefix=folder / "net",
        task="made",
        metric="accuracy",
        data=TaskData(train=examples, validation=examples),
        images=CalibrationImages(seen=images(32, seed=1), held_out=images(16, seed=2)),
        settings=QuantizationSettings(weight_bits=2),
        method="abs_max",
        learn=False,
        progress=SILENT,
    )


def test_layers_stay_in_floats_until_no_more_is_lost_than_allowed(
    work: QuantizationWork, tmp_path: Path
) -> None:
    before = work.evaluate(work.load(), "in floats")
    assert before == 1
    whole = work.quantize()
    loss = before - whole.after
    assert loss > 0.1
    file = tmp_path / "errors.jsonl"
    found = work.explain(whole, COSTS, images=96, seed=0, file=file)
    assert found.all_rounded == whole.after
    assert len(found.layers) == 4
    assert work.explain(whole, COSTS, images=96, seed=0, file=file) == found, "it is not repeated"

    allowed = loss / 2
    part = work.keep_floats(whole, found, before=before, max_loss=allowed)
    assert before - part.after <= allowed
    rounded = {layer.weight for layer in part.model.net.quantizable}
    assert 0 < len(rounded) < 4
    assert len(part.settings.skip) == 4 - len(rounded)
    part.model.net.save(tmp_path / "part")
    saved = load_program_net(tmp_path / "part")
    assert work.evaluate(saved, "saved") == part.after
    with pytest.raises(ModelError, match=r"no choice of layers .* loses at most 0.00% of accuracy"):
        work.keep_floats(whole, found, before=before + 1, max_loss=0.0)
