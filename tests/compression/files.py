"""Configuration files for tests."""

from __future__ import annotations

from pathlib import Path

ORIGINAL = """
version: 1.0
pruners:
  p1: {class: StructurePruner, pruning_axis: {'*': 0}, criterions: {'*': l1_norm}}
controllers:
  sa: {class: SAController, reduce_rate: 0.9, init_temperature: 100, max_iter_number: 300}
distillers:
  l2: {class: L2Distiller, teacher_feature_map: res_fc.tmp_0, student_feature_map: fc_0.tmp_0,
       distillation_loss_weight: 1}
  fsp: {class: FSPDistiller, teacher_pairs: [[a, b]], student_pairs: [[c, d]]}
  soft: {class: SoftLabelDistiller, student_temperature: 1.5, teacher_temperature: 2,
         student_feature_map: s, teacher_feature_map: t}
strategies:
  d: {class: DistillationStrategy, distillers: [l2, fsp, soft], start_epoch: 0, end_epoch: 120}
  u: {class: UniformPruneStrategy, pruner: p1, start_epoch: 0, target_ratio: 0.5,
      pruned_params: '.*_sep_weights', metric_name: acc_top1}
  q: {class: QuantizationStrategy, start_epoch: 121, end_epoch: 141,
      float_model_save_path: ./out/float, mobile_model_save_path: ./out/mobile,
      int8_model_save_path: ./out/int8, weight_bits: 8, activation_bits: 8,
      weight_quantize_type: abs_max, activation_quantize_type: abs_max,
      save_in_nodes: [image], save_out_nodes: [score]}
compressor: {epoch: 142, checkpoint_path: ./ckpt/, eval_epoch: 2, strategies: [u, d, q]}
"""


def write(folder: Path, text: str, name: str = "c.yaml") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text)
    return path
