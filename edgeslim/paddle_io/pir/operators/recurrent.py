"""Recurrent layers and sequences."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "crf_decoding": row("crf_decoding", "Emission Transition Label Length", "ViterbiPath"),
    "gru": row(
        "gru",
        "Input H0 Weight Bias",
        "BatchGate BatchResetHiddenPrev BatchHidden Hidden",
        "activation:str gate_activation:str is_reverse:bool origin_mode:bool is_test:bool",
    ),
    "gru_unit": row(
        "gru_unit",
        "Input HiddenPrev Weight Bias",
        "Gate ResetHiddenPrev Hidden",
        "activation:int gate_activation:int origin_mode:bool",
    ),
    "lstm": row(
        "lstm",
        "Input H0 C0 Weight Bias",
        "Hidden Cell BatchGate BatchCellPreAct",
        "use_peepholes:bool is_reverse:bool is_test:bool gate_activation:str "
        "cell_activation:str candidate_activation:str",
    ),
    "rnn": row(
        "rnn",
        "Input PreState WeightList SequenceLength -",
        "Out DropoutState State Reserve",
        "dropout_prob:float is_bidirec:bool input_size:int hidden_size:int "
        "num_layers:int mode:str seed:int is_test:bool",
    ),
    "warpctc": row(
        "warpctc",
        "Logits Label LogitsLength LabelLength",
        "Loss WarpCTCGrad",
        "blank:int norm_by_times:bool",
    ),
}
