"""Do the published light-NAS networks cost what was published?

    .venv/bin/python benchmarks/published.py

Builds each from its tokens, saves it, reads it back and counts. The published numbers are
those of PaddleSlim 1.x's own counter, under Python 2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.families.light_nas.published import PUBLISHED_TOKENS

EXPECTED = {
    "mobilenet-v2": (313_619_328, 3_505_960, 592_948_064, 593_357_312),
    "tokens0": (304_230_144, 3_214_184, 574_288_864, 574_698_112),
    "tokens1": (263_816_544, 3_047_294, 492_126_478, 492_560_814),
    "tokens2": (257_576_416, 3_826_070, 495_318_062, 495_653_222),
    "tokens3": (228_483_200, 3_229_596, 425_107_776, 425_475_472),
    "tokens4": (258_827_136, 3_345_832, 492_922_208, 493_275_008),
}


def main() -> None:
    rows = []
    for name, tokens in PUBLISHED_TOKENS.items():
        with TemporaryDirectory() as folder:
            model = edgeslim.build_network("light-nas", tokens, Path(folder) / "net")
            found = edgeslim.inspect(str(model))
        counted = (
            found.macs,
            found.parameters,
            found.paddleslim1_flops,
            found.paddleslim1_flops_python3,
        )
        same = "yes" if counted == EXPECTED[name] else "NO"
        rows.append([name, *(f"{number:,}" for number in counted), same])
    headers = ["network", "MACs", "parameters", "1.x FLOPs", "1.x FLOPs, Python 3", "as published"]
    print(tabulate(rows, headers=headers, tablefmt="github"))
    print(f"\n{machine_line()}")
    sys.exit(any(row[-1] == "NO" for row in rows))


if __name__ == "__main__":
    main()
