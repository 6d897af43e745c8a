"""Problems of pruning from a latency table, for ``pruning_solver.py``.

    .venv/bin/python benchmarks/real_problems.py OUT.npz MODEL TABLE

The widths of MODEL at the latencies of TABLE, with losses by the model's weights alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pruning_problems import save_problem

from edgeslim.channels.groups import channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.files import temporary_folder
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor
from edgeslim.pruning.criteria import CRITERIA
from edgeslim.pruning.known_losses import importance_losses
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.ranking import group_scores
from edgeslim.pruning.subject import PrunableModel
from edgeslim.pruning.weights import Weights


def main(out: Path, model: str, table: Path) -> None:
    with temporary_folder() as folder:
        prepared = prepare(find_model(model), folder)
        channels = channels_of(prepared.graph)
        names = tuple(group.name for group in channels.groups)
        subject = PrunableModel(model=prepared, channels=channels, chosen=names)
        latency = LatencyModel(subject, Predictor(LatencyTable.read(table)))
        weights = Weights(graph=prepared.graph, channels=channels, tensors=model_tensors(prepared))
        curves = importance_losses(group_scores(weights, CRITERIA.get("l1")))
        losses = {
            name: curves.loss_at(name, [1 - width / max(widths) for width in widths])
            for name, widths in latency.choices.items()
        }
        save_problem(latency.problem(losses, {}), out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
