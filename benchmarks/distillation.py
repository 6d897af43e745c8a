"""What does a student gain from a teacher, at equal training?

    .venv/bin/python benchmarks/distillation.py FOLDER [SEEDS] [EPOCHS]

On Fashion-MNIST at 32x32: a quarter of MobileNetV1 is trained on 30,000 images for five epochs,
the teacher. From each seed an eighth of it, the student, learns from fewer images (CLOTHES says
from how many; 3,000 by default), alone and with the teacher's soft labels beside the task's
loss, from the same first weights, for the same epochs. What is in the folder already is not done
again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("CLOTHES", "3000")

import numpy as np
from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.files import new_folder
from edgeslim.training.train_model import Training

HERE = Path(__file__).parent
TASK = str(HERE / "fewer_clothes.py")
MANY = f"{TASK}:FOR_TEACHERS"
SHAPE = (1, 3, 32, 32)
TEMPERATURE = 2.0
WEIGHT = TEMPERATURE**2
"""Gradients of soft labels are smaller by that much (Hinton et al., 2015,
https://arxiv.org/abs/1503.02531). Both were chosen from another seed than the three."""


ALONE = "compressor: {{epoch: {epochs}, checkpoint_path: {path}}}"
TAUGHT = """
distillers:
  soft: {{class: SoftLabelDistiller, student_feature_map: {student}, teacher_feature_map: {teacher},
         student_temperature: {temperature}, teacher_temperature: {temperature},
         distillation_loss_weight: {weight}}}
strategies: {{d: {{class: DistillationStrategy, distillers: [soft], end_epoch: {epochs}}}}}
compressor: {{epoch: {epochs}, checkpoint_path: {path}, strategies: [d]}}
"""


def main(folder: Path, seeds: int, epochs: int) -> None:
    new_folder(folder)
    teacher = taught_much(folder / "teacher")
    rows = [accuracies(folder, teacher, seed, epochs) for seed in range(seeds)]
    gains = [taught - alone for _, alone, taught in rows]
    table = [
        [seed, *(f"{each:.2%}" for each in row), f"{gain:+.2%}"]
        for seed, (row, gain) in enumerate(zip(rows, gains, strict=True))
    ]
    print(tabulate(table, ["seed", "teacher", "student alone", "taught", "gain"], "github"))
    print(f"gain {np.mean(gains):+.2%}, from {min(gains):+.2%} to {max(gains):+.2%}")
    print(machine_line())


def taught_much(folder: Path) -> Training:
    """The teacher."""
    return edgeslim.train(
        str(HERE / "small_mobilenet.py:build"),
        task=MANY,
        out=folder,
        epochs=5,
        seed=0,
        input_shape=SHAPE,
        progress=terminal_progress(),
    )


def accuracies(
    folder: Path, teacher: Training, seed: int, epochs: int
) -> tuple[float, float, float]:
    """Of the teacher, the student alone, and the student that was taught."""
    alone = compressed(folder / f"alone-{seed}", ALONE, seed, epochs)
    taught = compressed(
        folder / f"taught-{seed}",
        TAUGHT,
        seed,
        epochs,
        teacher=str(teacher.model),
        names={"student": scores(folder / f"alone-{seed}"), "teacher": scores(teacher.model)},
    )
    return teacher.metrics["accuracy"], alone, taught


def compressed(
    path: Path,
    text: str,
    seed: int,
    epochs: int,
    *,
    teacher: str | None = None,
    names: dict[str, str] | None = None,
) -> float:
    """The accuracy of a student after a timeline."""
    values = {"epochs": epochs, "path": path, "weight": WEIGHT, "temperature": TEMPERATURE}
    file = path.with_suffix(".yaml")
    file.write_text(text.format(**values, **(names or {})))
    done = edgeslim.compress(
        file,
        task=TASK,
        model=str(HERE / "small_mobilenet.py:student"),
        teacher=teacher,
        seed=seed,
        input_shape=SHAPE,
        progress=terminal_progress(),
    )
    return done.metrics["accuracy"]


def scores(model: Path) -> str:
    """What a model's output is called."""
    (name,) = edgeslim.inspect(str(model)).graph.fetches
    return name


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
        int(sys.argv[3]) if len(sys.argv) > 3 else 20,
    )
