"""Elements by their order."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law

__all__ = ["LAWS", "SMALLEST"]

SMALLEST = Law(
    name="smallest",
    operators=("top_k_v2",),
    condition="largest=False",
    meets=lambda operator: not operator.given("largest", True),
    happens="the largest elements are found",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="smallest",
    form="of the opposite",
    source="lite/kernels/host/topk_v2_compute.cc",
)

LAWS = (SMALLEST,)
