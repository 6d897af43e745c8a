"""A model and tables of this machine for the program to work on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from edgeslim.latency_rows import Convention, FailedRow, OperatorRow
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec, Shapes, encode_hook
from tests.program import Ended, edgeslim
from tests.searching.made_up import host_context, made_up_ms, made_up_table, small_space
from tests.values import relu, row, timed

SPACE = small_space()
TOKENS = ",".join(str(token) for token in SPACE.initial_tokens)


@dataclass(frozen=True)
class Workshop:
    """A folder to work in.

    Args:
        folder: The folder.
        built: How the command ended that built the model there.
    """

    folder: Path
    built: Ended

    def __call__(self, *arguments: object, first: str = "", **variables: str) -> Ended:
        return edgeslim(*arguments, folder=self.folder, first=first, **variables)

    def files(self) -> set[str]:
        """Every file and folder there is now."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A folder with a model ``net`` and tables of it: whole, with gaps, of two threads.

    ``gaps.jsonl`` lacks what nothing can be said of, ``few.jsonl`` two that can be interpolated.
    """
    folder = tmp_path_factory.mktemp("workshop")
    built = edgeslim(
        *("space", "build", SPACE.name, "--tokens", TOKENS, "--out", "net"),
        *("--input-shape", "1,1,16,16", "--json"),
        folder=folder,
    )
    made_up_table(folder / "host.jsonl", SPACE, host_context())
    operators = dict.fromkeys(
        SPACE.operators(SPACE.initial_tokens, host_context().execution.target)
    )
    with_gaps(folder / "gaps.jsonl", [spec for spec in operators if spec.kind != "pool2d"])
    dense = [spec for spec in operators if spec.kind == "conv2d"]
    with_gaps(folder / "few.jsonl", [spec for spec in operators if spec not in dense[2:4]])
    execution = msgspec.structs.replace(host_context().execution, threads=2)
    context = msgspec.structs.replace(host_context(), execution=execution)
    LatencyTable.open(folder / "two-threads.jsonl", context)
    bare = msgspec.structs.replace(host_context(), convention=Convention.BARE_CONVOLUTIONS)
    LatencyTable.open(folder / "bare.jsonl", bare).add(row(dense[0], 0.1))
    slower = LatencyTable.open(folder / "slower.jsonl", host_context())
    slower.add(*(row(operator, 3 * made_up_ms(operator)) for operator in operators))
    softmax = LatencyTable.open(folder / "softmax.jsonl", host_context())
    shape = ((1, 8),)
    softmax.add(row(OpSpec(kind="softmax", inputs=Shapes(X=shape), outputs=Shapes(Out=shape)), 0.1))
    (folder / "not-a-table.jsonl").write_text('{"latency": 3}\n')
    (folder / "operators.jsonl").write_bytes(
        b"\n".join(msgspec.json.encode(relu(n), enc_hook=encode_hook) for n in (8, 16))
    )
    # So large that on a disk that takes no more than this all else still fits.
    samples = timed(0.1, samples=60_000)
    large = LatencyTable.open(folder / "large.jsonl", host_context())
    large.add(OperatorRow(operator=relu(32), measurements=(samples,)))
    table = LatencyTable.open(folder / "failed.jsonl", host_context())
    table.add(row(relu(16), 0.1), FailedRow(operator=relu(8), reason="it hung"))
    return Workshop(folder, built)


def with_gaps(path: Path, operators: list[OpSpec]) -> None:
    table = LatencyTable.open(path, host_context())
    table.add(*(row(operator, made_up_ms(operator)) for operator in operators))
