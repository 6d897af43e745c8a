#!/usr/bin/env bash
# Paddle-Lite 2.13rc0's optimizer makes other functions of right networks, without a word.
#
# Expected: what `opt` makes of a network computes what Paddle computes.
# Seen (paddlelite 2.13rc0, paddlepaddle 3.3.1, x86; the optimized graph for arm is the same):
#   1 - relu(conv(x))                   one convolution is left, relu(1 - conv(x))
#   leaky_relu(relu6(conv(x)))          the second activation takes the place of the first
#   2 * (conv(x) + 1)                   becomes 2 * conv(x) + 1
#   one filter, a batch norm for each   the filter has the factors of both norms in both
#   conv(x) + v, v along the width,     as many columns as channels: v is added to channels
#   reshape, transpose, reshape         a turn of height and width becomes a shuffle of channels
#   softmax between transpositions      that do not undo each other becomes a softmax alone
# Sources: lite/core/optimizer/mir/fusion/{conv_scale,conv_activation,conv_bn,conv_elementwise,
# shuffle_channel,transpose_softmax_transpose}_fuser.cc at tag v2.13-rc.
# Exits with 0 while all of that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for python in python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python; do
    "$python" --version >/dev/null 2>&1 && break
done
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'paddlepaddle==3.3.1' 'paddlelite==2.13rc0' \
    'numpy==1.26.4' setuptools 2>"$folder/log" || { tail -5 "$folder/log"; exit 1; }

cat > "$folder/save.py" <<'PYTHON'
import os
import sys

os.environ["FLAGS_enable_pir_api"] = "0"
import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn

paddle.seed(0)
folder = sys.argv[1]
image = np.random.default_rng(0).standard_normal((1, 4, 8, 8)).astype("float32")


def norm():
    layer = nn.BatchNorm2D(4)
    layer.weight.set_value(paddle.rand([4]) + 0.5)
    layer._variance.set_value(paddle.rand([4]) + 0.5)
    return layer


class Net(nn.Layer):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        stride = (1, 2) if kind == "width" else 1
        self.conv = nn.Conv2D(4, 4, 3, stride=stride, padding=1, bias_attr=False)
        self.bias = self.create_parameter([4], default_initializer=nn.initializer.Normal())
        self.one, self.two = norm(), norm()

    def biased(self, x):
        from paddle.base.layer_helper import LayerHelper

        helper = LayerHelper("sum")
        x = self.conv(x)
        if paddle.in_dynamic_mode():
            return x + self.bias.reshape([1, 4, 1, 1])
        out = helper.create_variable_for_type_inference(x.dtype)
        helper.append_op(
            type="elementwise_add",
            inputs={"X": [x], "Y": [self.bias]},
            outputs={"Out": [out]},
            attrs={"axis": 1},
        )
        return out

    def forward(self, x):
        kind = self.kind
        if kind == "scale":
            return paddle.scale(F.relu(self.biased(x)), -1.0, 1.0)
        if kind == "activation":
            return F.leaky_relu(F.relu6(self.biased(x)), 0.3)
        if kind == "factor":
            return paddle.scale(self.biased(x), 2.0, 1.0, bias_after_scale=False)
        if kind == "shared":
            return self.one(self.conv(x)) + self.two(self.conv(paddle.scale(x, 0.5)))
        if kind == "width":
            return self.conv(x) + self.bias
        if kind == "shuffle":
            x = self.conv(x).reshape([1, 2, 2, 8, 8])
            return x.transpose([0, 2, 1, 4, 3]).reshape([1, 4, 8, 8])
        return F.softmax(self.conv(x).transpose([0, 2, 3, 1]), -1).transpose([0, 2, 1, 3])


for kind in ("scale", "activation", "factor", "shared", "width", "shuffle", "softmax"):
    net = Net(kind)
    net.eval()
    spec = [paddle.static.InputSpec([1, 4, 8, 8], "float32")]
    paddle.jit.save(net, f"{folder}/{kind}", input_spec=spec, clip_extra=False)
    paddle.enable_static()
    executor = paddle.static.Executor(paddle.CPUPlace())
    program, feeds, fetches = paddle.static.load_inference_model(f"{folder}/{kind}", executor)
    (truth,) = executor.run(program, feed={feeds[0]: image}, fetch_list=fetches)
    paddle.disable_static()
    np.savez(f"{folder}/{kind}.npz", image=image, truth=truth)
PYTHON

cat > "$folder/run.py" <<'PYTHON'
import sys

import numpy as np
import paddlelite.lite as lite

folder = sys.argv[1]
as_before = True
for kind in ("scale", "activation", "factor", "shared", "width", "shuffle", "softmax"):
    opt = lite.Opt()
    opt.set_model_file(f"{folder}/{kind}.pdmodel")
    opt.set_param_file(f"{folder}/{kind}.pdiparams")
    opt.set_valid_places("x86")
    opt.set_optimize_out(f"{folder}/{kind}")
    opt.run()
    config = lite.MobileConfig()
    config.set_model_from_file(f"{folder}/{kind}.nb")
    predictor = lite.create_paddle_predictor(config)
    data = np.load(f"{folder}/{kind}.npz")
    tensor = predictor.get_input(0)
    tensor.resize(data["image"].shape)
    tensor.set_float_data(data["image"].ravel().tolist())
    predictor.run()
    found = np.asarray(predictor.get_output(0).numpy()).ravel()
    truth = data["truth"].ravel()
    off = np.abs(found - truth).max() / np.abs(truth).max()
    print(f"RESULT {kind}: off by {off:.0%} of the largest value")
    as_before &= bool(off > 0.01)
sys.exit(0 if as_before else 1)
PYTHON

"$folder/venv/bin/pip" list 2>/dev/null | grep -i '^paddle'
"$folder/venv/bin/python" "$folder/save.py" "$folder" > "$folder/log" 2>&1 || { tail -5 "$folder/log"; exit 1; }
status=0
"$folder/venv/bin/python" "$folder/run.py" "$folder" > "$folder/log" 2>&1 || status=$?
grep RESULT "$folder/log"
if [ "$status" = 0 ]; then echo "as described: all seven are other functions"; else echo "changed"; fi
exit "$status"
