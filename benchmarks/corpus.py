"""Do small networks of every operator and attribute convert, and compute what Paddle computes?

    .venv/bin/python benchmarks/corpus.py --cases 400 --out runs/corpus.jsonl --page PAGE.md
    .venv/bin/python benchmarks/corpus.py --case '{"operator": "elu", ...}'

Each goes edgeslim's own road for arm and x86, and its outputs on the x86 runtime are compared
with the layer's own in dynamic mode. Results that are there already are not made again. The
page is the table of all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from machine import machine_line
from operator_networks.case import Case
from operator_networks.draws import corpus
from operator_networks.page import Record, page, percentages
from operator_networks.trials import try_cases

from edgeslim import process
from edgeslim.files import temporary_folder

COMMAND = (
    ".venv/bin/python benchmarks/corpus.py --cases 400 --seed 1 --out runs/corpus.jsonl "
    "--page docs/operators.md"
)
_MARK = "@record "

_TOGETHER = 30
"""Cases that are tried in one child."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="operators whose names begin so")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--case", default="", help="one line of a network")
    parser.add_argument("--batch", type=Path, help="a file of lines, for a child")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    if given.case:
        (record,) = try_cases([Case.read(given.case)])
        print(json.dumps(record, indent=2))
    elif given.batch:
        cases = [Case.read(line) for line in given.batch.read_text().splitlines()]
        for record in try_cases(cases):
            print(_MARK + json.dumps(record), flush=True)
        return
    elif given.cases:
        _run(given)
    if given.out:
        records = [json.loads(line) for line in given.out.open()]
        if given.cases:
            wanted = {case.line for case in corpus(given.cases, given.seed)}
            records = [each for each in records if json.dumps(each["case"]) in wanted]
        _summary(records)
        if given.page:
            given.page.write_text(page(records, COMMAND, machine_line()))


def _run(given: argparse.Namespace) -> None:
    done = set()
    if given.out.exists():
        done = {json.dumps(json.loads(line)["case"]) for line in given.out.open()}
    wanted = [
        case
        for case in corpus(given.cases, given.seed)
        if case.line not in done and case.operator.startswith(given.only)
    ]
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with given.out.open("a") as out:
        for first in range(0, len(wanted), _TOGETHER):
            for record in _in_child(wanted[first : first + _TOGETHER]):
                out.write(json.dumps(record) + "\n")
            out.flush()
            sys.stderr.write(f"\r{min(first + _TOGETHER, len(wanted))} of {len(wanted)}")
    sys.stderr.write("\n")


def _in_child(cases: Sequence[Case]) -> list[Record]:
    """Records of some cases; if Paddle ends the process, each has one of its own."""
    with temporary_folder() as folder:
        batch = folder / "cases"
        batch.write_text("\n".join(case.line for case in cases))
        ended = process.run(
            [sys.executable, __file__, "--batch", str(batch)], timeout_s=120.0 + 30.0 * len(cases)
        )
    lines = [line for line in ended.output.decode().splitlines() if line.startswith(_MARK)]
    if len(lines) == len(cases):
        return [json.loads(line.removeprefix(_MARK)) for line in lines]
    if len(cases) > 1:
        return [record for case in cases for record in _in_child([case])]
    end = {
        "status": "aborted unnamed",
        "message": f"the process ended with {ended.status}: {ended.errors.decode()[-200:]}",
    }
    case = json.loads(cases[0].line)
    return [{"case": case, "kinds": [], "changes": [], "x86": end, "arm": end}]


def _summary(records: Sequence[Record]) -> None:
    for target, (good, share) in percentages(records).items():
        counts = Counter(record[target]["status"] for record in records)
        print(
            f"{target}: {good} of {len(records)} converted and proved, {share:.1f} % ("
            + ", ".join(f"{count} {status}" for status, count in counts.most_common())
            + ")"
        )


if __name__ == "__main__":
    main()
