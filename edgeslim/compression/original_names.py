"""Writes files of a checkpoint under the original's names, if a configuration asks for them.

PaddleSlim 1.x kept ``__model__`` and ``__params__`` in ``eval_model``, and beside them
``__model__.infer``: the part of the network between ``prune_infer_model``'s inputs and outputs,
which shares the parameters.
"""

from __future__ import annotations

from pathlib import Path

from edgeslim.compression.configuration import Configuration
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.files import new_folder, write_bytes
from edgeslim.graph import Graph
from edgeslim.paddle_io.cut_program import cut_program
from edgeslim.paddle_io.proto import read_program
from edgeslim.training.distillation import unknown_feature_map

__all__ = ["check_inference_part", "write_original_names"]


def check_inference_part(configuration: Configuration, graph: Graph) -> None:
    """Checks that a network has the inputs and outputs of ``prune_infer_model``.

    Raises:
        UsageError: A name is missing; offers the nearest one.
    """
    part = configuration.compressor.prune_infer_model
    if part is None:
        return
    place = f"{configuration.file}: compressor.prune_infer_model"
    inputs, outputs = part
    for name in inputs:
        if name not in graph.feeds:
            raise UsageError(f"{place}: {UnknownNameError('input', name, graph.feeds)}")
    if missing := [name for name in graph.feeds if name not in inputs]:
        raise UsageError(f"{place}: the outputs need the input {missing[0]} as well; add it")
    for name in outputs:
        if name not in graph.feature_maps:
            raise UsageError(f"{place}: {unknown_feature_map('output', name, graph)}")


def write_original_names(configuration: Configuration, prefix: Path, folder: Path) -> None:
    """Writes what the configuration asks for under the original's names.

    Args:
        configuration: Its ``save_eval_model`` asks for the whole network if it is given and is
            not no; ``prune_infer_model`` for a part.
        prefix: The network, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
        folder: Folder that the files are written to.
    """
    common = configuration.compressor
    part = common.prune_infer_model
    if not common.save_eval_model and part is None:
        return
    new_folder(folder)
    write_bytes(folder / "__params__", Path(f"{prefix}.pdiparams").read_bytes())
    if common.save_eval_model is not False:
        write_bytes(folder / "__model__", Path(f"{prefix}.pdmodel").read_bytes())
    if part is not None:
        cut = cut_program(read_program(Path(f"{prefix}.pdmodel")), part[1])
        write_bytes(folder / "__model__.infer", cut.SerializeToString())
