"""Shapes, rows by number, matrices, sequences, boxes; `operator_cases` says what they are given."""

# ruff: noqa: PLW0108 - the names of arguments say what a case is given

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses

from tests.paddle_io.pir.place_cases import around, weights


def _set(x: Any, place: Any, value: Any) -> Any:
    x = x * 1.0
    x[place] = value
    return x


SHAPES: dict[str, Callable[..., Any]] = {
    "arange": lambda x: paddle.arange(4, dtype="float32") * x,
    "arange_steps": lambda x: paddle.arange(1.0, 3.0, 0.5) * x,
    "assign": lambda x: paddle.assign(x) + 1,
    "broadcast_tensors": lambda x: paddle.broadcast_tensors([x, x[:, :1]])[1],
    "broadcast_to": lambda x: paddle.broadcast_to(x[:, :1], [2, 3, 4]),
    "cast_bool": lambda x: (x - x).astype("bool"),
    "cast_double": lambda x: x.astype("float64"),
    "cast_int": lambda x: (x * 10).astype("int32"),
    "cast_whole": lambda ids: ids.astype("float32"),
    "cast_bytes": lambda x: (x * 100).astype("uint8"),
    "chunk": lambda x: paddle.chunk(x, 2, axis=-1)[1],
    "concat": lambda x, y: paddle.concat([x, y, x], axis=1),
    "concat_last": lambda x, y: paddle.concat([x, y], axis=-1),
    "crop": lambda x: paddle.crop(x, [1, 2, 3], [1, 0, 1]),
    "diag": lambda x: paddle.diag(x[0, 0], 1, 0.5),
    "diag_embed": lambda x: paddle.diag_embed(x[0]),
    "diagonal": lambda x: paddle.diagonal(x, 1, 1, 2),
    "dsplit": lambda x: paddle.dsplit(x, 2)[0],
    "dynamic_reshape": lambda x: x.reshape([paddle.shape(x)[0], -1]),
    "dynamic_expand": lambda x, y: x[:1].expand([paddle.shape(y)[0], 3, 4]),
    "dynamic_slice": lambda x, y: x[:, : paddle.shape(y)[1] - 1],
    "dynamic_zeros": lambda x: paddle.zeros([paddle.shape(x)[0], 5]) + 1.5,
    "dynamic_arange": lambda x: paddle.arange(0, paddle.shape(x)[1]),
    "dynamic_tile": lambda x: paddle.tile(x[:1], [paddle.shape(x)[0], 1, 1]),
    "empty_list": lambda x: x.reshape([24]).reshape([-1]),
    "expand": lambda x: x[:, :1].expand([2, 3, 4]),
    "expand_as": lambda x, y: paddle.expand_as(x[:1], y),
    "expand_kept": lambda x: x[:, :1].expand([-1, 3, -1]),
    "eye": lambda x: paddle.eye(4) * x[0, 0],
    "flatten": lambda x: paddle.flatten(x, 1),
    "flatten_all": lambda x: x.flatten(),
    "flip": lambda x: paddle.flip(x, [0, -1]),
    "full": lambda x: paddle.full([3, 4], 2.5) + x,
    "full_like": lambda x: paddle.full_like(x, 7, "int64"),
    "full_whole": lambda ids: paddle.full([3], 2**40, "int64") + ids,
    "hstack": lambda x, y: paddle.hstack([x, y]),
    "kron": lambda x, y: paddle.kron(x[0], y[0]),
    "linspace": lambda x: paddle.linspace(0, 1, 4) * x,
    "logspace": lambda x: paddle.logspace(0, 1, 4) * x,
    "meshgrid": lambda x, y: paddle.meshgrid(x[0, 0], y[0, 0])[1],
    "moveaxis": lambda x: paddle.moveaxis(x, 0, 2),
    "one_hot": lambda ids: F.one_hot(ids, 6),
    "ones_like": lambda x: paddle.ones_like(x) + x,
    "repeat_interleave": lambda x: paddle.repeat_interleave(x, 2, axis=1),
    "reshape": lambda x: x.reshape([4, -1]),
    "reshape_copied": lambda x: x.reshape([0, -1]),
    "reverse": lambda x: paddle.flip(x, 1),
    "roll": lambda x: paddle.roll(x, [1, 2], axis=[1, 2]),
    "roll_flat": lambda x: paddle.roll(x, 3),
    "rot90": lambda x: paddle.rot90(x, 1, [1, 2]),
    "scalar_index": lambda x: x[1, 2],
    "shape": lambda x: paddle.shape(x) * 2,
    "slice": lambda x: x[:, 1:, :-1],
    "slice_axes": lambda x: paddle.slice(x, [0, 2], [0, -3], [1, 3]),
    "slice_newaxis": lambda x: x[:, None, 1],
    "slice_steps": lambda x: x[:, ::2, ::-1],
    "split": lambda x: paddle.split(x, [1, -1], axis=1)[1],
    "split_number": lambda x: paddle.split(x, 2, axis=2)[0],
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "squeeze_all": lambda x: x[:1, :, :1].squeeze(),
    "stack": lambda x, y: paddle.stack([x, y], axis=2),
    "strided_slice": lambda x: paddle.strided_slice(x, [1, 2], [0, 3], [3, 0], [2, -1]),
    "swapaxes": lambda x: paddle.transpose(x, [0, 2, 1]).swapaxes(0, 1),
    "tensor_split": lambda x: paddle.tensor_split(x, 3, axis=2)[1],
    "tile": lambda x: paddle.tile(x, [2, 1, 3]),
    "to_tensor": lambda x: paddle.to_tensor([[1.5], [2.5], [3.5]]) * x,
    "transpose": lambda x: x.transpose([2, 0, 1]),
    "tril": lambda x: paddle.tril(x, -1),
    "tril_indices": lambda x: paddle.tril_indices(4, 4, 0) + x[0, 0, 0].astype("int64"),
    "triu": lambda x: paddle.triu(x, 1),
    "unbind": lambda x: paddle.unbind(x, 1)[2],
    "unflatten": lambda x: paddle.unflatten(x, 2, [2, 2]),
    "unsqueeze": lambda x: x.unsqueeze([1, -1]),
    "unstack": lambda x: paddle.unstack(x, 1)[0],
    "vander": lambda x: paddle.vander(x[0, 0], 3),
    "vstack": lambda x, y: paddle.vstack([x, y]),
    "zeros": lambda x: paddle.zeros([2, 3, 4]) + x,
}

INDEXING: dict[str, Callable[..., Any]] = {
    "argsort": lambda x: paddle.argsort(x, axis=1, descending=True),
    "bucketize": lambda x, y: paddle.bucketize(x, paddle.sort(y[0, 0])),
    "embedding": lambda ids: F.embedding(ids, weights(6, 3)),
    "embedding_padded": lambda ids: F.embedding(ids, weights(6, 3), padding_idx=2),
    "gather": lambda x: paddle.gather(x, paddle.to_tensor([2, 0]), axis=1),
    "gather_ids": lambda x, ids: paddle.gather(x[0], ids[0], axis=1),
    "gather_nd": lambda x, ids: paddle.gather_nd(x, ids.clip(0, 1)),
    "index_add": lambda x: paddle.index_add(x, paddle.to_tensor([1, 2]), 1, x[:, :2]),
    "index_by_list": lambda x: x[:, [2, 0]],
    "index_by_tensor": lambda x, ids: x[0][ids[0].clip(0, 2)],
    "index_fill": lambda x: paddle.index_fill(x, paddle.to_tensor([0, 2]), 1, -1.0),
    "index_put": lambda x, y: paddle.index_put(x, (paddle.full([1], 1, "int64"),), y[0]),
    "index_sample": lambda x, ids: paddle.index_sample(x[0, :2], ids[:, :2]),
    "index_select": lambda x: paddle.index_select(x, paddle.to_tensor([3, 1]), axis=2),
    "masked_select": lambda x: paddle.masked_select(x, x > 0.5),
    "multiplex": lambda x, y: paddle.multiplex(
        [x[0], y[0]], paddle.to_tensor([[1], [0], [1]], "int32")
    ),
    "nonzero": lambda x: paddle.nonzero(x > 0.5),
    "put_along_axis": lambda x: paddle.put_along_axis(
        x, paddle.full([2, 1, 4], 1, "int64"), paddle.full([2, 1, 4], 9.0), 1
    ),
    "put_along_axis_add": lambda x: paddle.put_along_axis(
        x, paddle.full([2, 1, 4], 1, "int64"), paddle.full([2, 1, 4], 9.0), 1, "add"
    ),
    "scatter": lambda x, y: paddle.scatter(x, paddle.to_tensor([1, 0]), y),
    "scatter_add": lambda x, y: paddle.scatter(x, paddle.to_tensor([1, 1]), y, overwrite=False),
    "scatter_nd": lambda y: paddle.scatter_nd(paddle.to_tensor([[1], [2]]), y, [4, 3, 4]),
    "scatter_nd_add": lambda x, y: paddle.scatter_nd_add(x, paddle.to_tensor([[1], [0]]), y),
    "searchsorted": lambda x, y: paddle.searchsorted(paddle.sort(y[0, 0]), x),
    "segment_sum": lambda x: paddle.geometric.segment_sum(x[0], paddle.to_tensor([0, 0, 1])),
    "set_rows": lambda x: _set(x, (slice(None), 1), 5.0),
    "set_slice": lambda x, y: _set(x + y, (slice(None), slice(0, 2)), y[:, :2] * 2),
    "set_steps": lambda x: _set(x, (0, slice(None, None, 2)), 0.0),
    "shard_index": lambda ids: paddle.shard_index(ids.unsqueeze(-1), 6, 2, 0),
    "sort": lambda x: paddle.sort(x, axis=1),
    "sort_down": lambda x: paddle.sort(x, axis=-1, descending=True),
    "take": lambda x, ids: paddle.take(x, ids),
    "take_along_axis": lambda x: paddle.take_along_axis(x, paddle.full([2, 1, 4], 2, "int64"), 1),
    "topk": lambda x: paddle.topk(x, 2, axis=1)[0],
    "topk_smallest": lambda x: paddle.topk(x, 2, largest=False)[1],
    "unique": lambda ids: paddle.unique(ids, return_counts=True)[1],
    "unique_consecutive": lambda ids: paddle.unique_consecutive(ids.flatten()),
    "where_rows": lambda x: paddle.where(x > 0.5)[0],
}

MATRICES: dict[str, Callable[..., Any]] = {
    "baddbmm": lambda x: paddle.bmm(x, x.transpose([0, 2, 1])) * 0.5 + 1,
    "bilinear": lambda x, y: F.bilinear(x[0], y[0], weights(2, 4, 4), weights(1, 2)),
    "bmm": lambda x, y: paddle.bmm(x, y.transpose([0, 2, 1])),
    "cholesky": lambda x: paddle.linalg.cholesky(
        paddle.bmm(x, x.transpose([0, 2, 1])) + paddle.eye(3)
    ),
    "cross": lambda x, y: paddle.cross(x, y, axis=1),
    "det": lambda x: paddle.linalg.det(x[:, :, :3]),
    "dot": lambda x, y: paddle.dot(x[0], y[0]),
    "einsum_attention": lambda x, y: paddle.einsum("bqd,bkd->bqk", x, y),
    "einsum_transpose": lambda x: paddle.einsum("ijk->kij", x),
    "einsum_trace": lambda x: paddle.einsum("bii->b", x[:, :, :3]),
    "inverse": lambda x: paddle.inverse(x[:, :, :3] + paddle.eye(3)),
    "linear": lambda x: F.linear(x, weights(4, 5), weights(5)),
    "matmul": lambda x, y: paddle.matmul(x, y, transpose_y=True),
    "matmul_both": lambda x, y: paddle.matmul(x, y, True, False),
    "matmul_vector": lambda x, y: paddle.matmul(x, y[0, 0]),
    "matrix_power": lambda x: paddle.linalg.matrix_power(x[:, :, :3], 2),
    "multi_dot": lambda x, y: paddle.linalg.multi_dot([x[0], y[0].transpose([1, 0]), x[0]]),
    "mv": lambda x, y: paddle.mv(x[0], y[0, 0]),
    "slogdet": lambda x: paddle.linalg.slogdet(x[:, :, :3]),
    "solve": lambda x, y: paddle.linalg.solve(x[:, :, :3] + paddle.eye(3), y),
    "svd": lambda x: paddle.linalg.svd(x)[1],
    "tensordot": lambda x, y: paddle.tensordot(x, y, axes=[[1, 2], [1, 2]]),
    "triangular_solve": lambda x, y: paddle.linalg.triangular_solve(
        paddle.tril(x[:, :, :3]) + paddle.eye(3), y, upper=False
    ),
    "cdist": lambda x, y: paddle.cdist(x, y),
    "attention": lambda x, y: F.scaled_dot_product_attention(
        *(tensor.unsqueeze(2) for tensor in (x, y, y))
    ),
    "softmax_attention": lambda x, y: paddle.matmul(
        F.softmax(paddle.matmul(x * 0.5, y, transpose_y=True)), y
    ),
    "complex_parts": lambda x, y: (
        paddle.real(paddle.complex(x, y)) + paddle.imag(paddle.complex(x, y))
    ),
    "rfft": lambda x: paddle.abs(paddle.fft.rfft(x)),
    "sequence_mask": lambda ids: F.sequence_mask(ids[0], 6, "float32"),
}

BOXES: dict[str, Callable[..., Any]] = {
    "yolo_box": lambda heads: paddle.vision.ops.yolo_box(
        heads, paddle.full([2, 2], 64, "int32"), [10, 13, 16, 30], 2, 0.01, 32
    )[0],
    "prior_box": lambda image: paddle.vision.ops.prior_box(
        image, image, [2.0], [4.0], [1.0, 2.0], flip=True, clip=True
    )[0],
    "box_coder": lambda boxes: paddle.vision.ops.box_coder(
        boxes, [0.1, 0.1, 0.2, 0.2], boxes, "encode_center_size"
    ),
    "box_decoder": lambda boxes: paddle.vision.ops.box_coder(
        boxes, [0.1, 0.1, 0.2, 0.2], boxes.unsqueeze(0) * 0.1, "decode_center_size"
    ),
    "roi_align": lambda image, boxes: paddle.vision.ops.roi_align(
        image[:1], boxes, paddle.full([1], 4, "int32"), 3, 0.5
    ),
    "roi_pool": lambda image, boxes: paddle.vision.ops.roi_pool(
        image[:1], boxes, paddle.full([1], 4, "int32"), 3, 0.5
    ),
    "psroi_pool": lambda image, boxes: paddle.vision.ops.psroi_pool(
        image[:1], boxes, paddle.full([1], 4, "int32"), 1, 0.5
    ),
    "nms": lambda boxes: paddle.vision.ops.nms(boxes, 0.3),
    "matrix_nms": lambda boxes: paddle.vision.ops.matrix_nms(
        boxes.unsqueeze(0), paddle.full([1, 2, 4], 0.6), 0.1, 0.05, 10, 5, background_label=-1
    )[0],
    "distribute": lambda boxes: paddle.vision.ops.distribute_fpn_proposals(
        boxes * 20, 2, 4, 3, 40, rois_num=paddle.full([1], 4, "int32")
    )[1],
    "multiclass_nms": lambda boxes: paddle._C_ops.multiclass_nms3(
        boxes.unsqueeze(0), paddle.full([1, 2, 4], 0.6), None, 0.1, 10, 5, 0.3, True, 1.0, -1
    )[0],
    "generate_proposals": lambda image, boxes: paddle.vision.ops.generate_proposals(
        image[:1, :1, :2, :2],
        image[:1, :4, :2, :2],
        paddle.full([1, 2], 64.0),
        boxes.reshape([2, 2, 1, 4]),
        paddle.ones([2, 2, 1, 4]),
        return_rois_num=True,
    )[0],
}

LOSSES: dict[str, Callable[..., Any]] = {
    "binary_cross_entropy": lambda x, y: F.binary_cross_entropy(x, y),
    "with_logits": lambda x, y: F.binary_cross_entropy_with_logits(x, y),
    "cross_entropy": lambda x, ids: F.cross_entropy(x, ids.clip(0, 3)),
    "huber": lambda x, y: F.smooth_l1_loss(x, y, delta=0.3),
    "kl": lambda x, y: F.kl_div(x, y),
    "log_loss": lambda x, y: F.log_loss(x[:, :1, 0], y[:, :1, 0]),
    "mse": lambda x, y: F.mse_loss(x, y),
    "nll": lambda x, ids: F.nll_loss(x.transpose([0, 2, 1]), ids.clip(0, 3)),
    "square_error": lambda x, y: F.square_error_cost(x, y),
}


RECURRENT: dict[str, Callable[..., Any]] = {
    "lstm": around(paddle.nn.LSTM(4, 5), "x", lambda made: made[0]),
    "lstm_state": around(paddle.nn.LSTM(4, 5), "x", lambda made: made[1][1]),
    "lstm_both_ways": around(
        paddle.nn.LSTM(4, 5, 2, direction="bidirect"), "x", lambda made: made[0]
    ),
    "gru": around(paddle.nn.GRU(4, 5), "x", lambda made: made[0]),
    "simple": around(paddle.nn.SimpleRNN(4, 5), "x", lambda made: made[0]),
    "simple_relu": around(
        paddle.nn.SimpleRNN(4, 5, activation="relu", time_major=True), "x", lambda made: made[0]
    ),
    "lstm_cell": around(paddle.nn.LSTMCell(3, 5), "four_rows", lambda made: made[0]),
    "gru_cell": around(paddle.nn.GRUCell(3, 5), "four_rows", lambda made: made[0]),
    "transformer": around(paddle.nn.TransformerEncoderLayer(4, 2, 8), "x"),
    "attention": around(paddle.nn.MultiHeadAttention(4, 2), "x"),
    "weight_norm": around(paddle.nn.utils.weight_norm(paddle.nn.Linear(4, 3)), "x"),
    "spectral_norm": around(paddle.nn.utils.spectral_norm(paddle.nn.Linear(4, 3)), "x"),
}

BOX_VALUES = np.array([[1, 1, 6, 5], [2, 1, 7, 6], [8, 2, 12, 9], [0, 3, 4, 8]], np.float32)
