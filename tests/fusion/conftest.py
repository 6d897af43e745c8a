"""Parts of networks, prepared once."""

from __future__ import annotations

import pytest

from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.paddle_io.importing import load_paddle
from tests.tools import require_module


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PreparedModel]:
    """All parts, prepared."""
    require_module("paddlelite")
    load_paddle().seed(0)
    from tests.fusion.nets import ACTIVATIONS, INPUT_SHAPE, PARTS, activated

    folder = tmp_path_factory.mktemp("parts")
    layers = {name: make() for name, make in PARTS.items()}
    layers |= {f"behind: {name}": activated(make) for name, make in ACTIVATIONS.items()}
    return {
        name: prepare_layer(layer, INPUT_SHAPE, folder / str(number), name=str(number))
        for number, (name, layer) in enumerate(layers.items())
    }
