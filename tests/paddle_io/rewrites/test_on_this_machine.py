"""What Paddle-Lite computes of rewritten networks on this machine, beside Paddle."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.execution import Target
from edgeslim.lite.converter import Conversion, convert
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.importing import load_paddle
from tests.lite.runtime import outputs_in_paddle_lite
from tests.paddle_io.rewrites.nets import INPUT_SHAPE, NETS
from tests.tools import require_module

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PreparedModel]:
    """All networks, prepared."""
    load_paddle().seed(0)
    folder = tmp_path_factory.mktemp("nets")
    return {
        name: prepare_layer(make(), INPUT_SHAPE, folder / str(number), name=str(number))
        for number, (name, make) in enumerate(NETS.items())
    }


def test_outputs_are_those_of_paddle(
    models: dict[str, PreparedModel], tmp_path_factory: pytest.TempPathFactory
) -> None:
    require_module("paddlelite")
    folder = tmp_path_factory.mktemp("converted")
    conversions = [
        Conversion(
            model=model.program,
            parameters=model.parameters,
            target=target,
            output=folder / f"{model.name}-{target.value}",
        )
        for target in (Target.X86, Target.ARM)
        for model in models.values()
    ]
    done = convert(conversions)
    failed = [str(job.error) for job in done if job.error]
    assert not failed
    images = np.random.default_rng(0).standard_normal(INPUT_SHAPE).astype(np.float32)
    here = [job.conversion.result for job in done[: len(models)]]
    computed = outputs_in_paddle_lite(dict.fromkeys(here, images))
    wrong = {}
    for (name, model), found in zip(models.items(), computed, strict=True):
        expected = run_in_paddle(model.prefix, {next(iter(model.graph.feeds)): images})
        for want, got in zip(expected, found, strict=True):
            largest = np.abs(want).max()
            difference = np.abs(want - got.reshape(want.shape)).max() / largest
            if not difference <= 1e-5:
                wrong[name] = difference
    assert not wrong
