"""Everything that can be wrong: one clear line, the exit code promised, nothing half-written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SPACE, TOKENS, Workshop
from tests.paddle_io.pir.documents import FIXTURES
from tests.program import full_after

pytestmark = pytest.mark.slow

SEARCH = f"search --space {SPACE.name} --table host.jsonl --input-shape 1,1,16,16 --out new"
BUILD = f"space build {SPACE.name} --out new --tokens"

WRONG_USAGE = {
    "deviices": "No such command 'deviices'. Did you mean 'devices'?",
    "devices --jsno": "No such option: --jsno",
    "devices all": "unexpected extra argument",
    "predict --table host.jsonl": "Missing argument 'model'",
    "predict net": "there is no latency table under latency_tables: name one with --table",
    "profile --threads many --operators operators.jsonl": "Invalid value for '--threads'",
    "profile --model net --space light-nas": "give one of --model, --space and --operators",
    "doctor --device hots": "unknown device 'hots'; did you mean 'host'?",
    "profile --device hots --operators operators.jsonl": "did you mean 'host'?",
    "inspect mobilenet-v3": "mobilenet-v3 is a search space, not a model",
    "profile --space light-nass": "unknown search space 'light-nass'; did you mean 'light-nas'?",
    f"{SEARCH} --target-latency 1s --task digit": "did you mean 'digits'?",
    f"{SEARCH} --target-latency 1s --algorithm anealing": "did you mean 'annealing'?",
    f"{SEARCH} --target-latency 20": "'20' has no unit; write 20ms or 20s",
    f"{SEARCH} --target-latency -20ms": "'-20ms' is not a duration above zero",
    f"{SEARCH} --target-latency 0ms": "'0ms' is not a duration above zero",
    f"{SEARCH} --target-latency 20parsecs": "has an unknown unit; known: us, ms, s, min, h",
    f"{SEARCH} --target-latency fast": "'fast' is not a duration; write it like 20ms",
    f"{SEARCH} --target-latency 1s --candidates 0": "candidates must be at least 1, not 0",
    f"{BUILD} 3,1,x": "are not tokens; write them like",
    f"{BUILD} 3,1": "there must be 18 tokens, not 2",
    f"{BUILD} 9{TOKENS[1:]}": f"token 0 must be between 0 and {SPACE.ranges[0] - 1}, not 9",
    "inspect net --input-shape 1,1,0,16": "is not an input shape; write it like 1,3,224,224",
    "inspect net --match [": "is not a regular expression",
    "inspect net --match conv1_1_wieghts": "did you mean 'conv1_1_weights'?",
    "inspect net --graph net.png": "net.png must end with .svg: graphs are drawn as SVG only",
    "profile --space light-nas-small --networks -1": "networks must be 0 or more, not -1",
    "profile --operators operators.jsonl --budget 0": "the budget must be at least 1 operator",
    "profile --operators operators.jsonl --budget -1 --like failed.jsonl": (
        "the budget must be 0 operators or more, not -1"
    ),
    "profile --operators operators.jsonl --budget 0 --like host.jsonl": (
        "--budget 0 measures whole networks alone, and there are none"
    ),
    "profile --space light-nas-small --networks 0 --budget 0 --like host.jsonl": (
        "give a --space with --networks 3 or more"
    ),
    "profile --operators operators.jsonl --like host.jsonl --out host.jsonl": (
        "--like host.jsonl is the table that is written"
    ),
    "profile --operators operators.jsonl --like two-threads.jsonl": (
        "--like two-threads.jsonl has no operators"
    ),
    "profile --operators operators.jsonl --like bare.jsonl": (
        "--like bare.jsonl has operators of the convention bare-convolutions"
    ),
    "table like host.jsonl host.jsonl": "--like host.jsonl is the table that is written",
    "table like host.jsonl bare.jsonl": "the table that is written has fused ones",
    "profile --operators operators.jsonl --like softmax.jsonl --out new": (
        "it has no operator like the 2 that are planned, such as relu 1x8x4x4"
    ),
    "profile --operators operators.jsonl --like host.jsonl --like slower.jsonl": (
        "host.jsonl and slower.jsonl are of one device and contradict each other"
    ),
    "profile --operators operators.jsonl --time 5": "'5' has no unit; write 5ms or 5s",
    "profile --operators operators.jsonl --time 0min": "'0min' is not a duration above zero",
    "predict net --table host.jsonl --plot net.pdf": "net.pdf must end with .png or .svg",
    "profile --operators operators.jsonl --seed -1": "seed must be 0 or more, not -1",
    "profile --space light-nas --input-shape x=1,3,64,64": "a space has one input",
    "profile --operators operators.jsonl --threads 4096": "4096 threads do not fit on host's",
    "profile --operators operators.jsonl --threads 1 --out two-threads.jsonl": (
        "two-threads.jsonl is of another execution: x86 fp32, 2 threads"
    ),
    "deploy --convert-only x86": "--convert-only needs a model",
    "deploy net --convert-only riscv": "Invalid value for '--convert-only'",
    "deploy": "no finished search in runs; edgeslim search --target-latency 20ms makes one",
    "report none": "none does not exist; give the folder of a search",
    "report net": "net was not deployed yet: edgeslim deploy net",
    "report net --format pdf": "unknown format 'pdf'; known: html, json, markdown",
    "report --compare net": "--compare takes two runs or two tables, not 1",
    "deploy net --precisions fp31": "unknown precision 'fp31'; did you mean 'fp32'?",
    "deploy net --precisions fp32,fp16": "fp16 kernels for arm only, not for x86; leave fp16 out",
    "deploy net --precisions int8,int8": "the precision int8 is given twice",
    "deploy net --threads 1,x": "--threads are numbers like 1,2,4, not 'x'",
    "deploy net --threads 1,4096": "4096 threads do not fit on host's",
    "deploy net --assert-latency 20": "'20' has no unit; write 20ms or 20s",
    "deploy net --assert-speedup 1.2": "--assert-speedup needs something to be faster than",
    "deploy net --convert-only x86 --assert-speedup 1": "--convert-only measures nothing",
    "deploy net --threads 1,2 --sustained 1min": "--sustained is of one precision",
    "deploy net --threads 1,2 --operators": "--operators is of one precision",
    "deploy net --engine onnxruntime --operators": "--operators is of paddle-lite alone",
    "deploy net --evaluate digits --images 0": "--images must be at least 1, not 0",
    "deploy net --operators --time 0s": "'0s' is not a duration above zero",
    "deploy net --convert-only x86 --operators": "--convert-only measures nothing, and so no",
    "infer net --inputs host.jsonl --task digit": "did you mean 'digits'?",
    "infer net --inputs host.jsonl --engine mnn": "unknown engine 'mnn'",
    "infer net --inputs host.jsonl --device host": "are Paddle-Lite's; add --engine lite",
    "infer net --inputs host.jsonl --mean a,b,c": "--mean is a number or three, like 127.5",
    "infer net --inputs host.jsonl --raw": "--raw needs a folder to write outputs into",
}

FAILED = {
    f"{SEARCH} --target-latency 1us": (
        "predicted to run in 1.00 us with confidence 0.8; the fastest takes"
    ),
    "profile --operators operators.jsonl --like none.jsonl": "cannot read none.jsonl",
    "profile --operators operators.jsonl --like not-a-table.jsonl": "not-a-table.jsonl:1: this is",
    "predict net --table none.jsonl": "cannot read none.jsonl: No such file or directory",
    "predict net --table not-a-table.jsonl": "not-a-table.jsonl:1: this is not a latency table",
    "inspect net --graph host.jsonl/below/net.svg": "Not a directory",
    "inspect no/such/model": "there is no model at no/such/model",
    "inspect nothing.py:net": "there is no file nothing.py",
    "profile --operators host.jsonl --out new": "host.jsonl:1: ",
    f"{BUILD} {TOKENS} --out host.jsonl/below": "/host.jsonl: it is a file",
    f"{BUILD} {TOKENS} --out /proc/edgeslim": "cannot write into /proc",
    "profile --operators operators.jsonl --out host.jsonl/below": "host.jsonl is a file",
    f"{SEARCH} --target-latency 1s --out host.jsonl/below": "Not a directory",
    "deploy net --out host.jsonl/below": "Not a directory",
    "infer net --inputs none.png": "none.png does not exist; give pictures, .npy or .npz files",
    "infer net --inputs host.jsonl": "host.jsonl is no image that can be read",
    "infer net --inputs net": "net is a folder; give pictures, .npy or .npz files",
    "deploy net --convert-only arm --out /proc/edgeslim": "cannot write into /proc/edgeslim",
}


@pytest.mark.parametrize("command", WRONG_USAGE)
def test_wrong_usage_is_said_in_one_line(workshop: Workshop, command: str) -> None:
    check(workshop, command, 2, WRONG_USAGE[command])


@pytest.mark.parametrize("command", FAILED)
def test_work_that_fails_says_why_in_one_line(workshop: Workshop, command: str) -> None:
    check(workshop, command, 1, FAILED[command])


def check(workshop: Workshop, command: str, code: int, message: str) -> None:
    before = workshop.files()
    done = workshop(*command.split())
    assert message in done.error(code)
    assert done.out == ""
    assert workshop.files() == before


@pytest.fixture
def broken(workshop: Workshop, tmp_path: Path) -> Path:
    """The model's files, to be broken."""
    folder = tmp_path / "broken"
    shutil.copytree(workshop.folder / "net", folder)
    return folder


def test_truncated_parameters_are_said_so_with_the_place(workshop: Workshop, broken: Path) -> None:
    parameters = broken / "model.pdiparams"
    parameters.write_bytes(parameters.read_bytes()[:-1000])
    for command in ("inspect {}", "predict {} --table host.jsonl", "deploy {} --out new"):
        check(workshop, command.format(broken), 1, f"{parameters} is truncated: ")
    check(workshop, f"profile --model {broken} --out new", 1, f"{parameters} is truncated: ")


@pytest.mark.parametrize("content", [b"", b"no program", bytes(range(256))])
def test_a_program_that_is_none_is_said_so(
    workshop: Workshop, broken: Path, content: bytes
) -> None:
    program = broken / "model.pdmodel"
    program.write_bytes(content)
    check(workshop, f"inspect {broken}", 1, f"{program} is not a Paddle program description")


def test_an_old_program_called_as_a_new_one_is_no_such_program(
    workshop: Workshop, broken: Path
) -> None:
    (broken / "model.pdmodel").rename(broken / "model.json")
    (broken / "for_lite.pdmodel").unlink()
    for name in (broken, broken / "model", broken / "model.json"):
        check(workshop, f"predict {name} --table host.jsonl", 1, "model.json is no JSON document")


def test_an_optimized_model_is_refused_with_what_to_give_instead(
    workshop: Workshop, broken: Path
) -> None:
    (broken / "net.nb").write_bytes(b"optimized")
    check(workshop, f"deploy {broken / 'net.nb'}", 1, "give the model that it was made from")


def test_a_models_own_code_may_fail_in_any_way(workshop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    file.write_text("raise SystemExit('not today')")
    check(workshop, f"inspect {file}:net", 1, f"{file} does not load: SystemExit: not today")
    file.write_text("def net():\n    raise SystemExit('not today')")
    check(workshop, f"inspect {file}:net --input-shape 1,3,8,8", 1, "net does not build: SystemEx")
    check(workshop, f"inspect {file}:nett", 2, "did you mean 'net'?")


def test_other_files_than_a_models_are_not_replaced(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("all of it")
    for out, message in (("work", "work holds thesis.txt"), ("work/thesis.txt", "is a file")):
        command = f"space build {SPACE.name} --tokens {TOKENS} --out {tmp_path / out}"
        check(workshop, command, 2, message)
    assert (tmp_path / "work" / "thesis.txt").read_text() == "all of it"


def test_a_table_on_a_full_disk_keeps_what_it_had(workshop: Workshop) -> None:
    table = workshop.folder / "large.jsonl"
    before, content = workshop.files(), table.read_bytes()
    done = workshop(
        *("profile", "--operators", "operators.jsonl", "--out", "large.jsonl"),
        first=full_after(len(content) + 100),
    )
    assert done.error(1) == "cannot write large.jsonl: File too large"
    assert table.read_bytes() == content
    assert workshop.files() == before


@pytest.mark.parametrize("size_bytes", [1000, 30_000])
@pytest.mark.parametrize(
    "command",
    [
        f"{BUILD} {TOKENS}",
        f"{SEARCH} --target-latency 1s",
        "deploy net --out new",
        "deploy net --out new --convert-only arm",
    ],
)
def test_on_a_full_disk_nothing_is_half_written(
    workshop: Workshop, command: str, size_bytes: int
) -> None:
    before = workshop.files()
    try:
        workshop(*command.split(), first=full_after(size_bytes)).error(1)
        # A folder may have been made; what is in it is finished, and here nothing could be.
        assert workshop.files() - before <= {"new"}
    finally:
        shutil.rmtree(workshop.folder / "new", ignore_errors=True)


@pytest.mark.parametrize("json", ["", "--json"])
def test_output_that_cannot_be_written_is_said_so(workshop: Workshop, json: str) -> None:
    full = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
    done = workshop("devices", *json.split(), first=full)
    assert done.error(1) == "No space left on device"


def test_output_that_nobody_reads_is_no_reason_for_a_trace(workshop: Workshop) -> None:
    done = workshop("devices", first="import os; r, w = os.pipe(); os.dup2(w, 1); os.close(r)")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) <= 1


def test_debug_shows_the_trace_and_then_the_line(workshop: Workshop) -> None:
    done = workshop("inspect", "no/such/model", "--debug")
    assert done.code == 1
    assert done.err.startswith("Traceback (most recent call last):")
    assert re.fullmatch(r"edgeslim: there is no model at .*", done.err.splitlines()[-1])


PADDLE_3 = {
    "cut off: it ends in the middle of the program; copy or download it again": (
        lambda content: content[: len(content) // 2]
    ),
    "is of version 9 of Paddle's format": (
        lambda content: content.replace(b'"version":4', b'"version":9')
    ),
    "has custom operators: custom_op.softplus": (
        lambda content: content.replace(b'"1.softplus"', b'"3.softplus"')
    ),
    "has control flow: pd_op.while": (
        lambda content: content.replace(b'"1.softplus"', b'"1.while"')
    ),
    "inference.pdiparams is of another model: 'conv2d_0.w_0' should be (4, 2, 3, 9)": (
        lambda content: content.replace(b"[4,2,3,3]", b"[4,2,3,9]")
    ),
    "inference.json is no program of Paddle 3": lambda _content: b'{"model": "net"}',
}
"""What is wrong with a program in Paddle 3's own format, by what is said of it."""


@pytest.mark.parametrize("said", PADDLE_3)
def test_what_is_wrong_with_a_program_of_paddle_3(
    workshop: Workshop, tmp_path: Path, said: str
) -> None:
    folder = tmp_path / "net"
    shutil.copytree(FIXTURES / "3.3.1", folder)
    program = folder / "inference.json"
    program.write_bytes(PADDLE_3[said](program.read_bytes()))
    shapes = "--input-shape image=1,2,6,8 --input-shape line=1,3,4"
    check(workshop, f"deploy {folder} --convert-only arm --out new {shapes}", 1, said)


def test_a_program_of_paddle_3_without_its_parameters(workshop: Workshop, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "3.3.1" / "inference.json", tmp_path)
    check(workshop, f"inspect {tmp_path}", 1, "inference.pdiparams is missing")
