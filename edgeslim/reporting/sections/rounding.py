"""The section about a quantization: how it was calibrated, and what rounding costs by layer."""

from __future__ import annotations

import shlex

from edgeslim.counts import format_count
from edgeslim.reporting.charts import Axis, Mark, Scale
from edgeslim.reporting.charts.bars import Bar, bars
from edgeslim.reporting.document import (
    Absent,
    Block,
    NumberUnit,
    Picture,
    RecordColumn,
    ReportSection,
    Table,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.number_format import format_ms, format_value
from edgeslim.training.quantization.layer_errors import Explanation, LayerError
from edgeslim.training.quantization.recipe import RecipeTrial
from edgeslim.training.quantization.record import QuantizationRecord

__all__ = ["rounding"]

_MANY_LAYERS = 12
_LOWEST_AXIS = 0.1
"""How far the axis of losses goes at least, where nothing is lost."""


def rounding(evidence: Evidence) -> ReportSection | None:
    """Makes the section of a quantization; None for other runs."""
    record = evidence.quantization
    if record is None:
        return None
    blocks: list[Block] = [Text(text=_sentence(record)), _trials(record)]
    if record.explanation is None:
        blocks.append(
            Absent(
                what="What rounding costs layer by layer was not measured.",
                command=f"edgeslim quantize {shlex.quote(record.model)} --task "
                f"{shlex.quote(record.task)} --explain --out FOLDER",
            )
        )
    else:
        blocks.append(_losses(record.explanation))
    return ReportSection(key="rounding", title="What rounding costs", blocks=blocks)


def _sentence(record: QuantizationRecord) -> str:
    chosen = record.trials[record.chosen]
    text = (
        f"{format_count(len(record.layers), 'layer is', 'layers are')} rounded, weights to "
        f"{record.settings.weight_bits} bits and activations to {record.settings.activation_bits}; "
        f"calibrated by {chosen.recipe.text}. {record.metric} "
        f"{format_value(record.before, NumberUnit.SHARE)} in floats, "
        f"{format_value(record.after, NumberUnit.SHARE)} quantized, of "
        f"{format_count(record.examples, 'example')}."
    )
    if record.max_loss is not None:
        text += f" It was allowed to lose {format_value(record.max_loss, NumberUnit.SHARE)}."
    if record.in_floats:
        text += f" In floats stay {', '.join(record.in_floats)}."
    return text


def _trials(record: QuantizationRecord) -> Table:
    columns: list[RecordColumn[RecipeTrial]] = [
        ("recipe", "calibration", "text", lambda trial: trial.recipe.text),
        ("snr_db", "signal over noise of the outputs (dB)", "number", lambda trial: trial.snr_db),
    ]
    return table_of(record.trials, columns, title="What was tried", marked=(record.chosen,))


def _losses(found: Explanation) -> Picture:
    timed = all(layer.float_ms for layer in found.layers)
    values = [_height(layer, timed=timed) for layer in found.layers]
    what = "loss over time in floats (points/ms)" if timed else "loss (percentage points)"
    count = len(found.layers)
    together = found.in_floats - found.all_rounded
    return Picture(
        title="Loss by layer",
        says=f"What the metric loses if one layer alone is rounded, of "
        f"{format_value(found.in_floats, NumberUnit.SHARE)}, on "
        f"{format_count(found.images, 'example')}; all together lose "
        f"{format_value(together, NumberUnit.SHARE)}. A layer that loses nothing has no bar.",
        chart=bars(
            [
                Bar(value=value, kind=Mark.MEASURED, tooltip=_tooltip(layer))
                for value, layer in zip(values, found.layers, strict=True)
            ],
            title="Loss by layer",
            description=f"{count} layers, those that cost most first.",
            x=Axis(title="layers", scale=Scale(low=0.5, high=count + 0.5)),
            y=Axis(title=what, scale=Scale.around([0.0, _LOWEST_AXIS, *values], zero=True)),
        ),
        table=_layers(found),
    )


def _height(layer: LayerError, *, timed: bool) -> float:
    points = 100 * max(0.0, layer.loss_alone)
    return points / layer.float_ms if timed and layer.float_ms else points


def _tooltip(layer: LayerError) -> str:
    text = (
        f"{layer.weight}: loses {format_value(layer.loss_alone, NumberUnit.SHARE)} alone, "
        f"{layer.snr_alone_db:.1f} dB"
    )
    return text if layer.float_ms is None else f"{text}, {format_ms(layer.float_ms)} in floats"


def _layers(found: Explanation) -> Table:
    columns: list[RecordColumn[LayerError]] = [
        ("weight", "layer", "text", lambda layer: layer.weight),
        ("loss_alone", "loses alone", "change", lambda layer: layer.loss_alone),
        ("loss_others", "all but it lose", "change", lambda layer: layer.loss_others),
        ("snr_alone_db", "SNR alone (dB)", "number", lambda layer: layer.snr_alone_db),
        (
            "snr_accumulated_db",
            "SNR with all (dB)",
            "number",
            lambda layer: layer.snr_accumulated_db,
        ),
        ("scale", "scale", "number", lambda layer: layer.scale),
        ("largest", "largest", "number", lambda layer: layer.largest),
        ("clipped", "clipped", "share", lambda layer: layer.clipped),
        ("macs", "products", "count", lambda layer: layer.macs),
        ("float_ms", "in floats", "ms", lambda layer: layer.float_ms),
    ]
    return table_of(
        found.layers, columns, title="The numbers", folded=_MANY_LAYERS, drop_empty=True
    )
