"""``edgeslim quantize``: quantizes a finished model for int8 kernels, without training."""

from __future__ import annotations

from dataclasses import asdict

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.counts import format_count
from edgeslim.training.quantize_model import Quantization, QuantizeRequest, quantize

__all__ = ["command"]


@with_options
def command(request: QuantizeRequest, as_json: Json = False) -> None:
    """Quantize a finished model without training, for deploy with int8 kernels.

    Example: edgeslim quantize runs/net --task digits --out runs/int8
    """
    done = quantize(request)
    if as_json:
        print_json(asdict(done))
        return
    _print(done)


def _print(done: Quantization) -> None:
    print_lines(
        *(
            f"{name}: {done.before[name]:.2%} before, {value:.2%} quantized, of {done.examples} "
            "examples"
            for name, value in done.after.items()
        ),
        *(f"calibrated by {name}: {db:.1f} dB" for name, db in done.tried.items()),
        f"kept: {done.chosen}",
        f"size for arm: {done.bytes_before / 1e6:.2f} MB before, {done.bytes_after / 1e6:.2f} MB "
        "quantized",
        format_count(len(done.layers), "layer has", "layers have")
        + " int8 kernels"
        + (f"; in floats: {', '.join(done.in_floats)}" if done.in_floats else ""),
        f"saved in {done.model}",
    )
