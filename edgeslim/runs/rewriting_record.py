"""The record of a model that was written in another form of the same function."""

from __future__ import annotations

import msgspec

__all__ = ["KindRecord", "RewritingRecord", "TakenRecord"]


class TakenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An equivalence that was used.

    Args:
        equivalence: Name of the equivalence.
        form: Name of the form that was taken.
        places: Names of the tensors where it was taken.
        saves_ms: Milliseconds that its forms are predicted to save, each by itself.
    """

    equivalence: str
    form: str
    places: tuple[str, ...]
    saves_ms: float


class KindRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Operators of one kind, before and after.

    Args:
        kind: Kind of the operators as the device runs them.
        before: Number of them before.
        after: Number of them now.
        before_ms: What they are predicted to take together before; None where it is not known.
        after_ms: What they are predicted to take together now.
    """

    kind: str
    before: int
    after: int
    before_ms: float | None
    after_ms: float | None


class RewritingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What ``edgeslim optimize`` did.

    Args:
        model: The model, as on a command line.
        device: Name of the device.
        table: File of the latency table.
        folder: Folder with the model.
        kept: Whether the folder has another form than the model had.
        reason: Why it has not; empty if it has.
        taken: Equivalences that were used, also if the result was not kept.
        predicted_before_ms: Predicted latency of the model as it was.
        predicted_ms: Predicted latency of the other form.
        measured_before_ms: Measured latency of the model as it was; None without a device.
        measured_ms: Measured latency of the other form.
        speedup: How many times as fast it is, measured in the same rounds.
        interval: Lower and upper end of the speed-up.
        off: Largest difference of outputs from those before, over the largest value, in Paddle.
        rounding: How far outputs move if each weight moves by the last of its bits; None where
            ``off`` is within 1e-5.
        operators: Operators by kind, the dearest before first.
        unknown: Operators of other forms that have no price in the table.
        dropped: Equivalences that were left out since outputs differed too much with them.
        advice: What is left that takes much time for its work, a line each.
        chosen_s: Seconds of one processor that choosing took, without measuring operators.
        created: When it was made, UTC.
    """

    model: str
    device: str
    table: str
    folder: str
    kept: bool
    reason: str
    taken: tuple[TakenRecord, ...]
    predicted_before_ms: float
    predicted_ms: float
    measured_before_ms: float | None = None
    measured_ms: float | None = None
    speedup: float | None = None
    interval: tuple[float, float] | None = None
    off: float | None = None
    rounding: float | None = None
    operators: tuple[KindRecord, ...] = ()
    unknown: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    chosen_s: float = 0.0
    created: str = ""
