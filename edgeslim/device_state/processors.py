"""Names of the cores that phones and boards have; the kernel reports numbers only."""

from __future__ import annotations

__all__ = ["core_name"]

_ARM = 0x41
_QUALCOMM = 0x51
_NAMES = {
    (_ARM, 0xC05): "Cortex-A5",
    (_ARM, 0xC07): "Cortex-A7",
    (_ARM, 0xC08): "Cortex-A8",
    (_ARM, 0xC09): "Cortex-A9",
    # The first Cortex-A17, of the RK3288, says that it is an A12.
    (_ARM, 0xC0D): "Cortex-A17",
    (_ARM, 0xC0E): "Cortex-A17",
    (_ARM, 0xC0F): "Cortex-A15",
    (_ARM, 0xD03): "Cortex-A53",
    (_ARM, 0xD04): "Cortex-A35",
    (_ARM, 0xD05): "Cortex-A55",
    (_ARM, 0xD07): "Cortex-A57",
    (_ARM, 0xD08): "Cortex-A72",
    (_ARM, 0xD09): "Cortex-A73",
    (_ARM, 0xD0A): "Cortex-A75",
    (_ARM, 0xD0B): "Cortex-A76",
    (_ARM, 0xD0C): "Neoverse-N1",
    (_ARM, 0xD0D): "Cortex-A77",
    (_ARM, 0xD40): "Neoverse-V1",
    (_ARM, 0xD41): "Cortex-A78",
    (_ARM, 0xD44): "Cortex-X1",
    (_ARM, 0xD46): "Cortex-A510",
    (_ARM, 0xD47): "Cortex-A710",
    (_ARM, 0xD48): "Cortex-X2",
    (_ARM, 0xD4D): "Cortex-A715",
    (_ARM, 0xD4E): "Cortex-X3",
    (_ARM, 0xD80): "Cortex-A520",
    (_ARM, 0xD81): "Cortex-A720",
    (_ARM, 0xD82): "Cortex-X4",
    (_QUALCOMM, 0x06F): "Krait",
    (_QUALCOMM, 0x201): "Kryo",
    (_QUALCOMM, 0x205): "Kryo",
    (_QUALCOMM, 0x211): "Kryo",
    (_QUALCOMM, 0x800): "Kryo 2xx Gold",
    (_QUALCOMM, 0x801): "Kryo 2xx Silver",
    (_QUALCOMM, 0x802): "Kryo 3xx Gold",
    (_QUALCOMM, 0x803): "Kryo 3xx Silver",
    (_QUALCOMM, 0x804): "Kryo 4xx Gold",
    (_QUALCOMM, 0x805): "Kryo 4xx Silver",
}


def core_name(maker: str, part: str) -> str:
    """Name of a core by ``CPU implementer`` and ``CPU part``; empty if it is not known."""
    try:
        return _NAMES.get((int(maker, 0), int(part, 0)), "")
    except ValueError:
        return ""
