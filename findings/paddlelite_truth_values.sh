#!/usr/bin/env bash
# Outputs of truth values in Paddle-Lite's Python API.
#
# Expected: Tensor.numpy() gives the values of a tensor, as it does for floats and integers.
# Seen (paddlelite 2.13rc0 beside NumPy 1.26.4): of a tensor of truth values it gives an array with
# strides of nought, so that every element reads as the first one. uint8_data() of the same tensor
# has the right values. Nothing is raised: a mask is all true or all false.
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

import paddle


class Above(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.limit = self.create_parameter([4], is_bias=True)  # zeros

    def forward(self, x):
        return x > self.limit


print("paddle", paddle.__version__)
shape = paddle.static.InputSpec([2, 4], "float32")
paddle.jit.save(Above(), sys.argv[1] + "/above", input_spec=[shape], clip_extra=False)
P

cat > "$folder/run.py" <<'P'
import sys

import numpy as np
from paddlelite import lite

folder = sys.argv[1]
opt = lite.Opt()
print("paddlelite", opt.version(), "numpy", np.__version__)
opt.set_model_file(folder + "/above.pdmodel")
opt.set_param_file(folder + "/above.pdiparams")
opt.set_valid_places("x86")
opt.set_model_type("naive_buffer")
opt.set_optimize_out(folder + "/above")
opt.run()

config = lite.MobileConfig()
config.set_model_from_file(folder + "/above.nb")
predictor = lite.create_paddle_predictor(config)
values = np.array([[1, -1, -1, 2], [-3, 4, 5, -6]], np.float32)
predictor.get_input(0).from_numpy(values)
predictor.run()
output = predictor.get_output(0)
array = output.numpy()
stored = np.array(output.uint8_data(), bool).reshape(array.shape)
print("x > 0 is      ", (values > 0).tolist())
print("uint8_data()  ", stored.tolist())
print("numpy()       ", array.tolist(), "strides", array.strides)
assert np.array_equal(stored, values > 0), "the values themselves are right"
assert array.strides == (0, 0), "the array has strides of nought"
assert array.all(), "all elements read as the first"
print("as seen before: every element of numpy() is the first one")
P

FLAGS_enable_pir_api=0 GLOG_minloglevel=2 "$folder/venv/bin/python" "$folder/save.py" "$folder"
"$folder/venv/bin/python" "$folder/run.py" "$folder"
