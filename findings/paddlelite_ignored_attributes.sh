#!/usr/bin/env bash
# Attributes that Paddle-Lite reads, or does not, and then computes something else.
#
# Expected: an operator whose attribute a kernel does not know is refused, as operators are that it
# does not know.
# Seen (paddlelite 2.13rc0, x86; models saved by Paddle 3.3.1): opt converts all of these without a
# word, and the runtime gives other numbers than Paddle:
#   - topk(largest=False) gives the largest;
#   - argmax(axis=None) gives one number for each column and not one in all;
#   - thresholded_relu(value=-0.5) gives 0 below the threshold;
#   - leaky_relu(1.5) gives 1.5 x for positive x and x for negative: the larger of x and 1.5 x;
#   - round(0.5) and round(2.5) give 1 and 3, where Paddle takes the even neighbour, 0 and 2.
#
# Exits non-zero if that changes. Takes about two minutes, most of it installation.
set -euo pipefail

for python in python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python3.10; do
  "$python" -c "" 2>/dev/null && break
  python=
done
[ -n "$python" ] || { echo "Python 3.10 is needed"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --no-input paddlepaddle==3.3.1 paddlelite==2.13rc0 numpy==1.26.4

cat > "$folder/save.py" <<'P'
import sys

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle.base.layer_helper import LayerHelper

folder = sys.argv[1]


def old(kind, x, made="float32", **attributes):
    """An operator of the old programs, for functions that 3.3.1 cannot trace into them."""
    helper = LayerHelper(kind)
    out = helper.create_variable_for_type_inference(made)
    helper.append_op(type=kind, inputs={"X": [x]}, outputs={"Out": [out]}, attrs=attributes)
    return out


class Net(paddle.nn.Layer):
    def __init__(self, function, traced):
        super().__init__()
        self.zero = self.create_parameter([6], is_bias=True)
        self.function, self.traced = function, traced

    def forward(self, x):
        x = x + self.zero
        return self.function(x) if paddle.in_dynamic_mode() else self.traced(x)


cases = {
    "topk": (lambda x: paddle.topk(x, 2, largest=False)[0],) * 2,
    "argmax": (
        paddle.argmax,
        lambda x: old("arg_max", x, "int64", axis=0, flatten=True, keepdims=False, dtype=3),
    ),
    "thresholded_relu": (lambda x: F.thresholded_relu(x, 1.0, -0.5),) * 2,
    "leaky_relu": (lambda x: F.leaky_relu(x, 1.5),) * 2,
    "round": (paddle.round, lambda x: old("round", x)),
}
values = np.array([[0.5, -1.5, 2.5, 3.0, -0.25, 1.0], [1.5, 0.25, -2.5, 0.75, 4.0, -3.0]], np.float32)
print("paddle", paddle.__version__)
np.save(folder + "/values.npy", values)
for name, (function, traced) in cases.items():
    net = Net(function, traced)
    net.eval()
    np.save(folder + "/" + name + ".npy", net(paddle.to_tensor(values)).numpy())
    net.forward = paddle.jit.not_to_static(net.forward)
    shape = paddle.static.InputSpec([2, 6], "float32")
    paddle.jit.save(net, folder + "/" + name, input_spec=[shape], clip_extra=False)
P
cat > "$folder/run.py" <<'P'
import sys

import numpy as np
from paddlelite import lite

folder = sys.argv[1]
print("paddlelite", lite.Opt().version())
values = np.load(folder + "/values.npy")
changed = []
for name in ("topk", "argmax", "thresholded_relu", "leaky_relu", "round"):
    opt = lite.Opt()
    opt.set_model_file(folder + "/" + name + ".pdmodel")
    opt.set_param_file(folder + "/" + name + ".pdiparams")
    opt.set_valid_places("x86")
    opt.set_model_type("naive_buffer")
    opt.set_optimize_out(folder + "/" + name)
    opt.run()
    config = lite.MobileConfig()
    config.set_model_from_file(folder + "/" + name + ".nb")
    predictor = lite.create_paddle_predictor(config)
    predictor.get_input(0).from_numpy(values)
    predictor.run()
    found, truth = predictor.get_output(0).numpy(), np.load(folder + "/" + name + ".npy")
    print(name, "\n  Paddle     ", truth.tolist(), "\n  Paddle-Lite", found.tolist())
    if truth.size == found.size and np.allclose(truth.ravel(), found.ravel(), atol=1e-4):
        changed.append(name)
assert not changed, f"these agree now: {changed}"
print("as seen before: all five differ, without a word")
P

FLAGS_enable_pir_api=0 GLOG_minloglevel=2 "$folder/venv/bin/python" "$folder/save.py" "$folder"
"$folder/venv/bin/python" "$folder/run.py" "$folder"
