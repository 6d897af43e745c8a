"""Do ten networks of `paddle.vision` convert for arm and x86, and compute what Paddle computes?

    .venv/bin/python benchmarks/conversion.py

Each goes the way of ``edgeslim deploy``: exported, rewritten, converted with ``opt`` for
both targets, and its outputs on the x86 runtime compared with Paddle's for the same input.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.execution import Target

NAMES = (
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "resnet18",
    "resnet50",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
    "googlenet",
    "densenet121",
)
MODELS = Path(__file__).with_name("vision_models.py")


def main() -> None:
    rows = []
    worst = 0.0
    for name in NAMES:
        model, shape = f"{MODELS}:{name}", {"": (1, 3, 224, 224)}
        with TemporaryDirectory() as folder:
            converted = edgeslim.convert(
                model, list(Target), out=Path(folder), input_shapes=shape
            ).models
            (deployed,) = edgeslim.deploy(model, out=Path(folder), input_shapes=shape).models
        assert deployed.outputs is not None
        worst = max(worst, deployed.outputs.max_rel)
        sizes = {each.target: f"{each.size_bytes / 1e6:.1f} MB" for each in converted}
        rows.append(
            [
                name,
                sizes[Target.ARM],
                sizes[Target.X86],
                f"{deployed.outputs.max_rel:.1e}",
                f"{deployed.latency_ms:.1f} ms",
            ]
        )
        sys.stderr.write(f"{name} done\n")
    headers = ["model", "arm", "x86", "largest difference / largest value", "x86, 1 thread"]
    print(tabulate(rows, headers=headers, tablefmt="github"))
    print(f"\n{len(rows)} of {len(NAMES)} convert; worst difference {worst:.1e} (limit 1e-4)")
    print(machine_line())
    sys.exit(worst > 1e-4)


if __name__ == "__main__":
    main()
