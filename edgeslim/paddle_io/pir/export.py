"""The second road for networks: saved by Paddle 3 in its own format, and written as an old program.

What Paddle 3 cannot trace in the old form (recurrent layers, ``F.normalize``, weights that are
normalized) it can in its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.files import temporary_folder
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.noise import noise_for
from edgeslim.paddle_io.pir.proof import prove_translation
from edgeslim.paddle_io.pir.translate import translate
from edgeslim.paddle_io.proto import read_program

if TYPE_CHECKING:
    import paddle

__all__ = ["export_layer_by_pir"]


def export_layer_by_pir(net: paddle.nn.Layer, spec: Sequence[Any], prefix: Path) -> None:
    """Saves a network as ``prefix.pdmodel`` and ``prefix.pdiparams``, and proves that they are it.

    The network must have been built already and be in the mode that it is saved in; the process
    has Paddle's old programs on, and goes on having them.

    Args:
        net: The network.
        spec: A ``paddle.static.InputSpec`` of closed shape for each input.
        prefix: Where it goes.

    Raises:
        Exception: Whatever Paddle or the network's own code raises while it is traced.
        ModelError: Old programs have no name for what it has.
    """
    paddle = load_paddle()
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(near=prefix.parent) as folder:
        own = folder / "inference.json"
        with paddle.pir_utils.IrGuard():
            paddle.jit.save(net, str(own.with_suffix("")), input_spec=list(spec))
        translate(own, own.with_suffix(".pdiparams"), prefix)
        prove_translation(own, prefix, noise_for(read_program(Path(f"{prefix}.pdmodel"))))
