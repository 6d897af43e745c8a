"""The real optimizer, fenced in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeslim.companion import VARIABLE, lite_python
from edgeslim.errors import (
    NoOutputError,
    ProgramAbortedError,
    ProgramCrashedError,
    ProgramError,
    ProgramFailedError,
    ProgramNotFoundError,
    ProgramTimedOutError,
    UnwritableError,
)
from edgeslim.execution import Precision, Target
from edgeslim.lite.converter import (
    Conversion,
    ConversionResult,
    ConversionTask,
    convert,
    convert_one,
)
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.paddle_io.operator_model import write_operator_model
from tests.tools import require_module
from tests.values import convolution

Make = Callable[..., Conversion]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes the conversion of a small operator."""

    def made(name: str, **fields: Any) -> Conversion:
        prefix = tmp_path / "models" / name
        write_operator_model(convolution(3, 4), prefix)
        return Conversion(
            model=prefix.with_suffix(".pdmodel"),
            parameters=prefix.with_suffix(".pdiparams"),
            target=fields.pop("target", Target.X86),
            output=tmp_path / "out" / name,
            **fields,
        )

    return made


def damage(conversion: Conversion) -> Conversion:
    """Cuts the parameters off, at which the optimizer aborts."""
    content = conversion.parameters.read_bytes()
    conversion.parameters.write_bytes(content[: len(content) // 2])
    return conversion


@pytest.mark.slow
class TestReal:
    """With the optimizer itself."""

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        require_module("paddlelite")

    @pytest.mark.parametrize("target", list(Target))
    def test_a_model_is_converted_for_each_target(self, make: Make, target: Target) -> None:
        path = convert_one(make("model", target=target))
        assert path.name == "model.nb"
        assert read_optimized_model(path).library_version == "v2.13-rc"

    @pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8_WEIGHTS])
    @pytest.mark.parametrize("target", list(Target))
    def test_the_same_model_is_the_same_file(
        self, make: Make, target: Target, precision: Precision
    ) -> None:
        # What is unset differs between processes, and between conversions of one.
        given = {"target": target, "precision": precision}
        first, second = (convert_one(make(name, **given)).read_bytes() for name in ("a", "b"))
        together = convert([make(name, **given) for name in ("c", "d")])
        again = [result.conversion.result.read_bytes() for result in together]
        assert {first, second, *again} == {first}
        assert first[2:18] == b"v2.13-rc".ljust(16, b"\0")

    def test_the_fused_graph_is_a_program(self, make: Make) -> None:
        path = convert_one(make("model", task=ConversionTask.FUSE))
        assert path.name == "model"
        assert (path.parent / "params").stat().st_size > 0

    def test_a_model_that_ends_the_optimizer_takes_only_itself_down(self, make: Make) -> None:
        told: list[ConversionResult] = []
        conversions = [make("a"), damage(make("b")), make("c"), damage(make("d")), make("e")]
        converted = convert(conversions, on_done=told.append)
        assert told == converted
        assert [result.conversion for result in converted] == conversions
        assert [result.error is None for result in converted] == [True, False, True, False, True]
        assert all(
            result.conversion.result.exists() == (result.error is None) for result in converted
        )
        error = converted[1].error
        assert isinstance(error, (ProgramAbortedError, ProgramCrashedError))
        assert "opt could not convert" in str(error)
        assert "b.pdmodel for x86" in str(error)
        assert "check that the parameters are this model's" in str(error)

    def test_a_single_failure_is_raised(self, make: Make) -> None:
        with pytest.raises(ProgramError, match=r"b\.pdmodel"):
            convert_one(damage(make("b")))

    def test_a_model_that_takes_too_long_is_ended_and_the_rest_goes_on(self, make: Make) -> None:
        conversions = [make("a"), make("b", timeout_s=1e-6), make("c")]
        errors = [result.error for result in convert(conversions)]
        assert errors[0] is errors[2] is None
        assert isinstance(errors[1], ProgramTimedOutError)
        assert "within 1e-06 s" in str(errors[1])

    def test_an_older_result_is_not_taken_for_a_new_one(self, make: Make) -> None:
        conversion = make("a")
        convert_one(conversion)
        with pytest.raises(ProgramError):
            convert_one(damage(conversion))
        assert not conversion.result.exists()

    def test_modules_of_the_working_folder_stay_out(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("json", "numpy", "paddlelite", "signal"):
            (tmp_path / f"{name}.py").write_text("raise RuntimeError('the wrong module')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert convert_one(make("a")).exists()

    def test_without_its_package_no_model_is_blamed(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        python = scripted(tmp_path, f'exec {lite_python()} -S "$@"')
        monkeypatch.setenv(VARIABLE, python)
        with pytest.raises(ProgramNotFoundError, match=r"pip install 'paddlelite==2\.13rc0'"):
            convert([make("a"), make("b")])


def scripted(folder: Path, script: str) -> str:
    """A Python that is a script of ours."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


STARTED = 'echo \'@edgeslim {"version": "v"}\''


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("echo lost >&2; exit 1", ProgramFailedError, r"opt does not start: .*\(1\).*lost"),
        ("kill -SEGV $$", ProgramCrashedError, r"opt does not start: .*\(139, SIGSEGV\)"),
    ],
)
def test_an_optimizer_that_does_not_start_blames_no_model(
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    kind: type[ProgramError],
    message: str,
) -> None:
    conversions = [make("a"), make("b")]
    monkeypatch.setenv(VARIABLE, scripted(conversions[0].model.parent, script))
    with pytest.raises(kind, match=message):
        convert(conversions)


def test_an_optimizer_that_says_it_converted_and_left_nothing_is_not_believed(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = f'{STARTED}; echo noise; echo \'@edgeslim {{"done": 0, "wall_s": 1}}\''
    monkeypatch.setenv(VARIABLE, scripted(tmp_path, done))
    conversion = make("a")
    with pytest.raises(NoOutputError, match=r"converted .*a\.pdmodel, and its file is missing"):
        convert_one(conversion)
    monkeypatch.setenv(VARIABLE, scripted(tmp_path, f": > {conversion.result}; {done}"))
    with pytest.raises(NoOutputError, match="its file is empty"):
        convert_one(conversion)


def test_an_optimizer_that_ends_early_without_a_word_fails_the_model_it_was_at(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, scripted(tmp_path, STARTED))
    errors = [result.error for result in convert([make("a"), make("b")])]
    assert [type(error) for error in errors] == [NoOutputError] * 2
    assert "ended before its work was done" in str(errors[0])


def test_a_folder_that_takes_no_files_is_one_clear_line(make: Make, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(UnwritableError, match=r"cannot write into .*out"):
        convert([make("a")])


def test_nothing_to_convert_is_nothing() -> None:
    assert convert([]) == []
