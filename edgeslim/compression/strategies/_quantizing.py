"""Keys of both strategies that quantize, and the settings that they stand for."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from edgeslim.compression.strategy_settings import Role, StrategySettings
from edgeslim.errors import UsageError
from edgeslim.training.quantization.settings import QuantizationSettings

__all__ = ["QuantizationKeys", "quantization_settings"]


class QuantizationKeys(StrategySettings, frozen=True, kw_only=True):
    """Keys of strategies that quantize.

    Args:
        weight_bits: Number of bits of a weight.
        activation_bits: Number of bits of an activation.
        weight_quantize_type: One scale for a whole weight, or one for each of its channels.
        activation_quantize_type: How the scale of an activation is found.
        skip: Regular expressions for names of layers that stay in floats.
        float_model_save_path: Folder for the model that Paddle-Lite's optimizer makes int8
            kernels of.
        int8_model_save_path: The same model: the optimizer stores its weights in eight bits.
        mkldnn_int8_model_save_path: The same model as well: Paddle's passes for oneDNN read scales
            where Paddle-Lite's optimizer does.
    """

    role: ClassVar[Role] = Role.QUANTIZES
    editable: ClassVar[frozenset[str]] = frozenset(
        {
            "end_epoch",
            "float_model_save_path",
            "int8_model_save_path",
            "mkldnn_int8_model_save_path",
            "metric_name",
        }
    )
    no_effect: ClassVar[dict[str, str]] = {
        "mobile_model_save_path": "paddle-mobile is gone; deploy makes files for Paddle-Lite",
        "save_in_nodes": "a saved model keeps its inputs",
        "save_out_nodes": "a saved model keeps its outputs",
    }

    weight_bits: int = 8
    activation_bits: int = 8
    weight_quantize_type: Literal["abs_max", "channel_wise_abs_max"] = "abs_max"
    activation_quantize_type: Literal["abs_max", "range_abs_max", "moving_average_abs_max"] = (
        "abs_max"
    )
    skip: tuple[str, ...] = ()
    float_model_save_path: str | None = None
    int8_model_save_path: str | None = None
    mkldnn_int8_model_save_path: str | None = None
    mobile_model_save_path: Any = None
    save_in_nodes: Any = None
    save_out_nodes: Any = None

    def describe_unfinished(self, epochs: int) -> str:
        last = self.span(epochs).last
        if last + 1 >= epochs or not self.save_paths:
            return ""
        return (
            f"{', '.join(self.save_paths)} is written at the end of epoch {last}, but epochs "
            f"{last + 1} to {epochs - 1} train the network further: the result in --out differs"
        )

    @property
    def save_paths(self) -> tuple[str, ...]:
        """Further folders that the quantized model is written to, each once."""
        paths = (
            self.float_model_save_path,
            self.int8_model_save_path,
            self.mkldnn_int8_model_save_path,
        )
        return tuple(dict.fromkeys(path for path in paths if path))


_KEYS = {"weight_type": "weight_quantize_type", "activation_type": "activation_quantize_type"}


def quantization_settings(place: str, settings: QuantizationKeys) -> QuantizationSettings:
    """Makes the settings of the quantization from the keys of a strategy.

    Raises:
        UsageError: Bits or expressions are not valid; says which key.
    """
    values = msgspec.structs.asdict(settings)
    found = QuantizationSettings(
        weight_bits=settings.weight_bits,
        activation_bits=settings.activation_bits,
        weight_type=settings.weight_quantize_type,
        activation_type=settings.activation_quantize_type,
        skip=settings.skip,
    )
    try:
        found.check()
    except UsageError as error:
        named = [_KEYS.get(key, key) for key in (*_KEYS, *values) if key in str(error)]
        raise UsageError(f"{place}{''.join(f'.{key}' for key in named[:1])}: {error}") from error
    return found
