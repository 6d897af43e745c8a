"""Make a PaddlePaddle model meet a latency on a device, and prove it by measurement.

Everything that a command does::

    import edgeslim

    table = edgeslim.profile("host", space="light-nas-small").table
    found = edgeslim.search(0.3, space="light-nas-small", table=table, out=Path("runs/first"))
    edgeslim.deploy(found.run)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgeslim.errors import EdgeslimError
from edgeslim.version import __version__

if TYPE_CHECKING:
    from edgeslim.compression.compress import compress
    from edgeslim.conversion.build_network import build_network
    from edgeslim.conversion.inspect_model import inspect
    from edgeslim.deployment.deploy import convert, deploy
    from edgeslim.deployment.deploy_together import deploy_together
    from edgeslim.deployment.evaluate import evaluate
    from edgeslim.deployment.optimize import optimize
    from edgeslim.durations import LatencyShare
    from edgeslim.exporting.export import export
    from edgeslim.inference.infer import infer
    from edgeslim.measuring.doctor import doctor
    from edgeslim.measuring.list_devices import devices
    from edgeslim.prediction.predict_model import predict
    from edgeslim.profiling.profile import profile
    from edgeslim.profiling.timed_networks import table_of_networks
    from edgeslim.pruning.prune import prune
    from edgeslim.pruning.sensitivity import sensitivity
    from edgeslim.reporting.compare import report_comparison
    from edgeslim.reporting.report import report
    from edgeslim.searching.join import join
    from edgeslim.searching.largest import largest
    from edgeslim.searching.search import search
    from edgeslim.searching.status import search_status
    from edgeslim.slimming.slim import slim
    from edgeslim.tables.check import check_table
    from edgeslim.tables.export_table import export_table
    from edgeslim.tables.import_table import import_table
    from edgeslim.training.quantize_model import quantize
    from edgeslim.training.train_model import train
    from edgeslim.training.train_supernet import train_supernet

__all__ = [
    "EdgeslimError",
    "LatencyShare",
    "__version__",
    "build_network",
    "check_table",
    "compress",
    "convert",
    "deploy",
    "deploy_together",
    "devices",
    "doctor",
    "evaluate",
    "export",
    "export_table",
    "import_table",
    "infer",
    "inspect",
    "join",
    "largest",
    "optimize",
    "predict",
    "profile",
    "prune",
    "quantize",
    "report",
    "report_comparison",
    "search",
    "search_status",
    "sensitivity",
    "slim",
    "table_of_networks",
    "train",
    "train_supernet",
]

_MODULES = {
    "LatencyShare": "edgeslim.durations",
    "build_network": "edgeslim.conversion.build_network",
    "check_table": "edgeslim.tables.check",
    "compress": "edgeslim.compression.compress",
    "convert": "edgeslim.deployment.deploy",
    "deploy": "edgeslim.deployment.deploy",
    "deploy_together": "edgeslim.deployment.deploy_together",
    "devices": "edgeslim.measuring.list_devices",
    "doctor": "edgeslim.measuring.doctor",
    "evaluate": "edgeslim.deployment.evaluate",
    "export": "edgeslim.exporting.export",
    "export_table": "edgeslim.tables.export_table",
    "import_table": "edgeslim.tables.import_table",
    "infer": "edgeslim.inference.infer",
    "inspect": "edgeslim.conversion.inspect_model",
    "join": "edgeslim.searching.join",
    "largest": "edgeslim.searching.largest",
    "optimize": "edgeslim.deployment.optimize",
    "predict": "edgeslim.prediction.predict_model",
    "profile": "edgeslim.profiling.profile",
    "prune": "edgeslim.pruning.prune",
    "report": "edgeslim.reporting.report",
    "report_comparison": "edgeslim.reporting.compare",
    "quantize": "edgeslim.training.quantize_model",
    "search": "edgeslim.searching.search",
    "search_status": "edgeslim.searching.status",
    "sensitivity": "edgeslim.pruning.sensitivity",
    "slim": "edgeslim.slimming.slim",
    "table_of_networks": "edgeslim.profiling.timed_networks",
    "train": "edgeslim.training.train_model",
    "train_supernet": "edgeslim.training.train_supernet",
}


def __dir__() -> list[str]:
    """Names what is meant to be used, imported or not."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what is asked for decides
    """Imports what is used only when it is used: ``import edgeslim`` costs nothing."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'edgeslim' has no attribute {name!r}")
