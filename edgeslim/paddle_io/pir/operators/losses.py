"""Losses, which some saved programs still have."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "bce_loss": row("bce_loss", "X Label", "Out"),
    "cross_entropy_with_softmax": row(
        "softmax_with_cross_entropy",
        "Logits Label",
        "Softmax Loss",
        "soft_label:bool use_softmax:bool numeric_stable_mode:bool ignore_index:int axis:int",
    ),
    "hinge_loss": row("hinge_loss", "Logits Labels", "Loss"),
    "huber_loss": row("huber_loss", "X Y", "Out Residual", "delta:float"),
    "kldiv_loss": row("kldiv_loss", "X Target", "Loss", "reduction:str log_target:bool"),
    "log_loss": row("log_loss", "Predicted Labels", "Loss", "epsilon:float"),
    "nll_loss": row(
        "nll_loss",
        "X Label Weight",
        "Out Total_weight",
        "ignore_index:long reduction:str",
    ),
    "sigmoid_cross_entropy_with_logits": row(
        "sigmoid_cross_entropy_with_logits",
        "X Label pos_weight",
        "Out",
        "normalize:bool ignore_index:int",
    ),
}
