"""What operators mean here beside what Paddle-Lite's runtime computes, file by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.deployment.judgement import difference_of, is_acceptable
from edgeslim.execution import Precision, Target
from edgeslim.lite.converter import Conversion, convert
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.measuring.device_session import open_device
from edgeslim.ops import known_kinds
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.operator_model import write_operator_model
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet, without_meaning
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry, Input
from tests.paddle_io.operator_examples import examples

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]


def _is_safe_to_run(spec: OpSpec) -> bool:
    """Not the runtime's depthwise transposed kernels, which read memory that is not theirs.

    No network of ours reaches them: see ``rewrites/transposed_depthwise.py``.
    """
    return not (spec.kind == "conv2d_transpose" and spec.attributes.get("groups", 1) != 1)


SPECS = [
    spec for kind in known_kinds().values() for spec in examples(kind) if _is_safe_to_run(spec)
]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """The outputs of one operator: by its meaning, and on the runtime."""

    meant: Sequence[Array]
    ran: Sequence[Array]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Ran | str]:
    """Each operator, optimized for this machine; or why it could not be run."""
    folder = tmp_path_factory.mktemp("meanings")
    conversions = []
    for number, spec in enumerate(SPECS):
        write_operator_model(spec, folder / str(number))
        conversions.append(
            Conversion(
                model=folder / f"{number}.pdmodel",
                parameters=folder / f"{number}.pdiparams",
                target=Target.X86,
                output=folder / str(number),
            )
        )
    paths = [job.conversion.result for job in convert(conversions) if job.error is None]
    assert len(paths) == len(SPECS)
    jobs, meant = [], []
    for number, (spec, path) in enumerate(zip(SPECS, paths, strict=True)):
        program = read_optimized_program(path)
        assert without_meaning(program) == ()
        inputs = dict(zip(program.feeds, _inputs(spec), strict=True))
        meant.append(OptimizedNet(program).run(inputs))
        jobs.append(_job(number, path, list(inputs.values()), len(program.fetches), folder))
    with open_device("host") as session:
        outcomes = run_batch(session.runner, jobs)
    return {
        str(number): str(outcome.error)
        if outcome.error
        else Ran(meant=expected, ran=[np.load(path) for path in job.outputs.values()])
        for number, (expected, job, outcome) in enumerate(zip(meant, jobs, outcomes, strict=True))
    }


def _inputs(spec: OpSpec) -> list[Array]:
    kind = known_kinds()[spec.kind]
    generator = np.random.default_rng(0)
    found: list[Array] = []
    for slot, shapes in spec.inputs.items():
        if slot in kind.constants:
            continue
        for shape in shapes:
            value: Array = generator.standard_normal(shape).astype(np.float32)
            value = np.abs(value) + 0.1 if kind.positive else value
            element_type = kind.element_type(spec)
            found.append(value if element_type == "float32" else (10 * value).astype(element_type))
    return found


def _job(number: int, path: Path, arrays: list[Array], outputs: int, folder: Path) -> Job:
    files, described = {path.name: path}, []
    for place, array in enumerate(arrays):
        name = f"in{number}_{place}.npy"
        np.save(folder / name, array)
        files[name] = folder / name
        described.append(Input(shape=array.shape, dtype=array.dtype.name, file=name))
    facts = read_optimized_model(path)
    names = [f"out{number}_{place}.npy" for place in range(outputs)]
    return Job(
        entry=Entry(
            id=f"operator{number}",
            model=path.name,
            library_version=facts.library_version,
            kernel_targets=tuple(sorted(facts.targets)),
            inputs=tuple(described),
            states=(),
            keep_outputs=tuple(names),
        ),
        files=files,
        outputs={name: folder / name for name in names},
    )


@pytest.mark.parametrize("number", range(len(SPECS)), ids=lambda number: str(SPECS[number]))
def test_an_operator_means_what_the_runtime_computes(
    number: int, ran: Mapping[str, Ran | str]
) -> None:
    found = ran[str(number)]
    assert isinstance(found, Ran), found
    assert [output.size for output in found.meant] == [output.size for output in found.ran]
    assert is_acceptable(difference_of([found.meant], [found.ran]), Precision.FP32)
