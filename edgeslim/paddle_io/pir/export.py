"""The second way to save networks: in Paddle 3's own format, then translated to an old program.

Paddle 3 can trace in its own form what it cannot in the old one: recurrent layers,
``F.normalize``, normalized weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.files import temporary_folder
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.noise import noise_for
from edgeslim.paddle_io.pir.file_translation import translate_files
from edgeslim.paddle_io.pir.proof import prove_translation
from edgeslim.paddle_io.proto import read_program

if TYPE_CHECKING:
    import paddle

__all__ = ["export_layer_by_pir"]


def export_layer_by_pir(net: paddle.nn.Layer, spec: Sequence[Any], prefix: Path) -> None:
    """Saves a network as ``prefix.pdmodel`` and ``prefix.pdiparams``, and proves the translation.

    The network must have been built already and be in the mode that it is saved in. The process
    uses Paddle's old programs before and after.

    Args:
        net: The network to be saved, in evaluation mode.
        spec: A ``paddle.static.InputSpec`` of closed shape for each input.
        prefix: Path of both files without their suffixes.

    Raises:
        Exception: Whatever Paddle or the network's own code raises while it is traced.
        ModelError: Old programs have no counterpart of one of its operators.
    """
    paddle = load_paddle()
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(near=prefix.parent) as folder:
        program = folder / "inference.json"
        with paddle.pir_utils.IrGuard():
            paddle.jit.save(net, str(program.with_suffix("")), input_spec=list(spec))
        translate_files(program, program.with_suffix(".pdiparams"), prefix)
        prove_translation(program, prefix, noise_for(read_program(Path(f"{prefix}.pdmodel"))))
