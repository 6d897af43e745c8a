"""``edgeslim quantize``: quantizes a finished model for int8 kernels, without training."""

from __future__ import annotations

import msgspec

from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.counts import format_count
from edgeslim.training.quantization.layer_errors import Explanation, LayerError
from edgeslim.training.quantize_model import Quantization, QuantizeRequest, quantize

__all__ = ["command"]


@with_options
def command(request: QuantizeRequest, as_json: Json = False) -> None:
    """Quantize a finished model without training, for deploy with int8 kernels.

    Example: edgeslim quantize runs/net --task digits --out runs/int8
    """
    done = quantize(request)
    if as_json:
        print_json(msgspec.to_builtins(done, enc_hook=str))
        return
    if done.explanation is not None:
        _print_layers(done.explanation)
    _print(done)


def _print_layers(found: Explanation) -> None:
    timed = any(layer.float_ms is not None for layer in found.layers)
    print_table(
        [
            "layer",
            "loses alone",
            "without it",
            "SNR alone",
            "SNR with all",
            "range",
            "clipped",
            *(["ms in floats"] if timed else ["products"]),
        ],
        [
            [
                layer.weight,
                f"{layer.loss_alone:.2%}",
                f"{layer.loss_others:.2%}",
                f"{layer.snr_alone_db:.1f} dB",
                f"{layer.snr_accumulated_db:.1f} dB",
                f"{layer.scale:.4g} of {layer.largest:.4g}",
                f"{layer.clipped:.3%}",
                _cost(layer, timed=timed),
            ]
            for layer in found.layers
        ],
    )
    print_lines(
        "",
        f"what is lost of {found.in_floats:.2%} if only that layer is rounded, and if all others "
        f"are; all together lose {found.in_floats - found.all_rounded:.2%} "
        f"({found.images} examples)",
    )


def _cost(layer: LayerError, *, timed: bool) -> str:
    if not timed:
        return f"{layer.macs:,}"
    return "" if layer.float_ms is None else f"{layer.float_ms:.4f}"


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
        *done.advice,
        f"saved in {done.model}",
    )
