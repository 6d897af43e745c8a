"""Does any small network reach `opt`, or leave it, with an operator that a target gets wrong?

    .venv/bin/python benchmarks/laws.py --cases 2000 --seed 19 --target arm

Networks are those of `corpus.py`, drawn by the seed. Each is prepared for the target and judged by
its laws (`edgeslim.targets`): as it is converted, and once more as `opt` left it, operator by
operator. Every law that one meets must have been written otherwise, or have refused the network.
Exits with 1 if not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from machine import machine_line
from operator_networks.case import Case
from operator_networks.draws import corpus
from operator_networks.laws import judge_cases

from edgeslim import process
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.targets import Answer, Place, known_laws

_MARK = "@record "
_TOGETHER = 50
"""Networks that one child judges."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--target", type=Target, default=Target.ARM)
    parser.add_argument("--batch", help="a file of lines, for a child")
    given = parser.parse_args()
    if given.batch:
        with open(given.batch) as lines:  # noqa: PTH123 - of our own
            cases = [Case.read(line) for line in lines]
        for record in judge_cases(cases, given.target):
            print(_MARK + json.dumps(record), flush=True)
        return
    cases = corpus(given.cases, given.seed)
    records = []
    for first in range(0, len(cases), _TOGETHER):
        records += _in_child(cases[first : first + _TOGETHER], given.target)
        sys.stderr.write(f"\r{len(records)} of {len(cases)}")
    sys.stderr.write("\n")
    sys.exit(0 if _told(records, given.target) else 1)


def _in_child(cases: Sequence[Case], target: Target) -> list[dict[str, Any]]:
    """Records of some networks; where one ends the process, each has one of its own."""
    with temporary_folder() as folder:
        batch = folder / "cases"
        batch.write_text("\n".join(case.line for case in cases))
        ended = process.run(
            [sys.executable, __file__, "--batch", str(batch), "--target", target.value],
            timeout_s=120.0 + 30.0 * len(cases),
        )
    lines = [line for line in ended.output.decode().splitlines() if line.startswith(_MARK)]
    if len(lines) == len(cases):
        return [json.loads(line.removeprefix(_MARK)) for line in lines]
    if len(cases) > 1:
        return [record for case in cases for record in _in_child([case], target)]
    message = f"the process ended with {ended.status}: {ended.errors.decode()[-200:]}"
    case = json.loads(cases[0].line)
    empty: dict[str, list[str]] = {"rewritten": [], "refused": [], "left": []}
    return [{"case": case, "status": "unsaved", "message": message, **empty}]


def _told(records: Sequence[dict[str, Any]], target: Target) -> bool:
    """Prints the counts; whether no network meets a law that nothing was done about."""
    ends = Counter(record["status"] for record in records)
    met = Counter(name for record in records for name in set(record["rewritten"]))
    refused = Counter(name for record in records for name in set(record["refused"]))
    left = Counter(name for record in records for name in set(record["left"]))
    written = sum(
        bool(record["rewritten"]) for record in records if record["status"] == "converted"
    )
    print(f"{len(records)} networks for {target.value}: {_counted(ends)}")
    print(f"written otherwise, of those that are converted: {written}")
    print(f"refused by laws: {_counted(refused) or 'none'}")
    print(f"laws that networks meet and that are written otherwise: {_counted(met)}")
    about = {
        law.name
        for law in known_laws().laws
        if law.answer is Answer.REWRITTEN and law.is_about(Place.of(target))
    }
    print(f"laws that none meets: {', '.join(sorted(about - set(met))) or 'none'}")
    print(f"operators that opt left and that meet a law: {_counted(left) or 'none'}")
    for record in records:
        if record["status"] in {"aborted", "unsaved"}:
            print(f"{record['status']}: {record['case']['operator']}: {record['message'][:200]}")
        if record["left"]:
            print(f"left: {json.dumps(record['case'])}: {', '.join(record['left'])}")
    print(machine_line())
    return not left


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


if __name__ == "__main__":
    main()
