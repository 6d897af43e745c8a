"""The table of what happens to each operator, as a page of the documentation."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.catalogue import FAMILIES

__all__ = ["page", "percentages"]

Record = Mapping[str, Any]

_HEAD = """\
# Operators: what becomes of each on Paddle-Lite

{networks} networks of one to four operators, drawn by a seed of {operators} operators and \
functions of Paddle's with the values that their attributes may have. Around each operator \
stands what `opt` likes to merge with it: convolutions, norms, activations, factors, sums, \
constants. Each network is exported, rewritten and converted for both targets as `edgeslim \
deploy` does it. On x86 its outputs are compared with those of the layer in dynamic mode, \
element by element, for six inputs: noise, zeros, whole numbers, negative, large, positive. \
For arm that is proved of what the operators in the optimized file mean.

**Converted and proved: x86 {x86}, arm {arm}.**

- {first}
- {second}

Words of the table: *right*, each element is what the layer computes (within 2e-4 of itself and \
2e-5 of the largest); *right within 1e-3*, another function that stays as near; \
*asks for inputs*, noise proves nothing there (Paddle gives NaN), so `--inputs` is wanted; \
*refused*, no file is written and the message names the operator; *`opt` aborts*, likewise, \
since Paddle-Lite \
has no such operator. *Rewrites*: the operator is written with others that \
Paddle-Lite has ([models.md](models.md#what-is-rewritten-and-why)). \
Where an operator has several rows, its values differ in what happens. \
Numbers behind the words count networks.

This page is made by a command ({machine}):

```
{command}
```
"""

GOOD = frozenset({"proved"})
_WORDS = {
    "proved": "right",
    "near": "right within 1e-3",
    "asks": "asks for inputs",
    "refused": "refused",
    "refused unnamed": "refused, operator not named",
    "aborted": "`opt` aborts",
    "aborted unnamed": "aborts, operator not named",
    "wrong": "**wrong**",
}
_ORDER = tuple(_WORDS)
_WRITTEN = re.compile(r"(\w+) with operators that have kernels")
_COMMON = re.compile(r"with the bias itself|kept apart from the convolution before it")


def percentages(records: Sequence[Record]) -> dict[str, tuple[int, float]]:
    """Of each target, how many networks are converted and proved, and their share in percent."""
    found = {}
    for target in ("x86", "arm"):
        good = sum(record[target]["status"] in GOOD for record in records)
        found[target] = good, 100 * good / max(1, len(records))
    return found


def page(records: Sequence[Record], command: str, machine: str) -> str:
    """The page, in Markdown."""
    by_operator: dict[str, list[Record]] = {}
    for record in records:
        by_operator.setdefault(record["case"]["operator"], []).append(record)
    parts = [_head(records, command, machine)]
    for family, operators in FAMILIES.items():
        rows = [
            row
            for name in operators
            if name in by_operator
            for row in _rows(name, by_operator[name])
        ]
        if rows:
            head = (
                "| operator | attributes | x86 | arm | what edgeslim does |\n|---|---|---|---|---|"
            )
            parts.append(f"## {family}\n\n" + "\n".join([head, *rows]) + "\n")
    return "\n".join(parts)


def _head(records: Sequence[Record], command: str, machine: str) -> str:
    lines = [
        f"{target}: "
        + ", ".join(
            f"{count} {_WORDS[status]}"
            for status in _ORDER
            if (count := Counter(record[target]["status"] for record in records)[status])
        )
        for target in ("x86", "arm")
    ]
    shares = {target: f"{share:.1f} %" for target, (_, share) in percentages(records).items()}
    operators = len({record["case"]["operator"] for record in records})
    return _HEAD.format(
        networks=len(records),
        operators=operators,
        x86=shares["x86"],
        arm=shares["arm"],
        first=lines[0],
        second=lines[1],
        machine=machine,
        command=command,
    )


def _rows(name: str, records: Sequence[Record]) -> list[str]:
    """One row for each pair of ends that an operator has."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record["x86"]["status"], record["arm"]["status"]), []).append(record)
    rows = []
    for x86, arm in sorted(groups, key=lambda ends: [_ORDER.index(each) for each in ends]):
        group = groups[x86, arm]
        cells = [
            f"`{name}`" if not rows else "",
            _values(group),
            f"{_WORDS[x86]} {len(group)}",
            f"{_WORDS[arm]} {len(group)}",
            _doing(group),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def _values(records: Sequence[Record]) -> str:
    """The values of each attribute, numbers as ranges."""
    given: dict[str, list[Any]] = {}
    for record in records:
        for attribute, value in record["case"]["attributes"].items():
            values = given.setdefault(attribute, [])
            if value not in values:
                values.append(value)
    return "; ".join(f"{name} {_range(values)}" for name, values in given.items())


def _range(values: Sequence[Any]) -> str:
    numbers = [each for each in values if type(each) in {int, float}]
    others = [each for each in values if type(each) not in {int, float}]
    parts = []
    if len(numbers) > 2:
        parts.append(f"{min(numbers):g}..{max(numbers):g}")
    else:
        parts += [f"{number:g}" for number in sorted(numbers)]
    parts += sorted(
        each if isinstance(each, str) else json.dumps(each).replace(" ", "") for each in others
    )
    return ", ".join(parts).replace("|", "\\|")


def _doing(records: Sequence[Record]) -> str:
    """What was rewritten, and why it ended as it did."""
    changes = Counter(
        re.sub(r" \(\d+\)$", "", change)
        for record in records
        for change in record["changes"]
        if not _COMMON.search(change)
    )
    told = [
        _WRITTEN.sub(r"rewrites `\1`", change)
        for change, count in changes.most_common(3)
        if count * 3 >= len(records)
    ]
    reason = next((r[t]["message"] for r in records for t in ("x86", "arm") if r[t]["message"]), "")
    if reason:
        told.append(_short(reason))
    return "; ".join(told).replace("|", "\\|")


def _short(message: str) -> str:
    """A message without its paths, and not all of it."""
    missing = re.search(r"unsupported ops are: ([^.\]]*)", message)
    if missing:
        return f"Paddle-Lite has no {missing[1]}"
    kernel = re.search(r"No kernels? found for (\w+)", message)
    if kernel:
        return f"no kernel for {kernel[1]}"
    if "nothing can be proved of it" in message:
        return "noise proves nothing of it"
    message = re.sub(r"\S*/(?:\S+/)*(\S+)", r"\1", message.splitlines()[0])
    message = re.sub(
        r"^Paddle cannot export Network for inputs .*?\]\]: ", "Paddle cannot export it: ", message
    )
    return message if len(message) <= 160 else message[:157] + "..."
