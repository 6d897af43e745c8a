#!/usr/bin/env bash
# Programs that Paddle 3 saves by default (inference.json, PIR), paddlepaddle 3.3.1.
#
# Expected: a process that has the newer programs switched off (FLAGS_enable_pir_api=0) cannot run
#   one; an attribute is written as the number that the layer was given; and an old description
#   (.pdmodel) whose version field says nothing is taken for what it says.
# Seen: such a process runs inference.json all the same, under paddle.pir_utils.IrGuard and by
#   paddle.inference, and saves it; leaky_relu's slope is a double (0.3), while batch_norm's epsilon
#   beside it is a float (0.0010000000474974513); and without its version an old description is
#   changed while it is loaded: the value that set_value writes becomes 0, silently.
#
# Exits 0 if that is still so.
set -euo pipefail

python=python3.10
if ! "$python" --version > /dev/null 2>&1; then
    python=$(ls -d "$(pyenv root)"/versions/3.10.*/bin/python3.10 | tail -1)
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "paddlepaddle==3.3.1" "numpy==1.26.4" setuptools
cd "$folder"
FLAGS_enable_pir_api=0 GLOG_minloglevel=2 "$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
import json
import sys

import numpy as np
import paddle
from paddle import nn
from paddle.base.proto.framework_pb2 import ProgramDesc

net = nn.Sequential(nn.Conv2D(1, 2, 3), nn.BatchNorm2D(2, epsilon=1e-3), nn.LeakyReLU(0.3))
net.eval()
image = np.random.default_rng(0).standard_normal((1, 1, 5, 5)).astype("float32")
expected = net(paddle.to_tensor(image)).numpy()
with paddle.pir_utils.IrGuard():
    spec = [paddle.static.InputSpec([1, 1, 5, 5], "float32", "image")]
    paddle.jit.save(net, "new/inference", input_spec=spec)
    executor = paddle.static.Executor(paddle.CPUPlace())
    program, _, fetched = paddle.static.load_inference_model("new/inference", executor)
    (found,) = executor.run(program, feed={"image": image}, fetch_list=fetched)
document = json.load(open("new/inference.json"))
attributes = {
    (op["#"], attribute["N"]): attribute["AT"].get("D")
    for op in document["program"]["regions"][0]["blocks"][0]["ops"]
    if op["#"] != "p"
    for attribute in op["A"]
}
slope = attributes["1.leaky_relu", "negative_slope"]
epsilon = attributes["1.batch_norm_", "epsilon"]
off = float(np.abs(found - expected).max())
print(f"Paddle {paddle.__version__}, newer programs on: {paddle.framework.use_pir_api()}")
print(f"inference.json of version {document['base_code']['version']} runs, off by {off:.1e}")
print(f"slope {slope!r}, epsilon {epsilon!r}")

paddle.enable_static()
main = paddle.static.Program()
with paddle.static.program_guard(main, paddle.static.Program()):
    x = paddle.static.data("x", [2, 2], "float32")
    y = paddle.static.setitem(x * 1.0, (slice(None), 0), 0.1)
    paddle.static.save_inference_model("old", [x], [y], executor, program=main)


def first(path):
    loaded, _, outputs = paddle.static.load_inference_model(path, executor)
    ones = np.ones((2, 2), "float32")
    return float(executor.run(loaded, feed={"x": ones}, fetch_list=outputs)[0][0, 0])


saved = first("old")
described = ProgramDesc.FromString(open("old.pdmodel", "rb").read())
described.version.Clear()
described.ClearField("op_version_map")
open("bare.pdmodel", "wb").write(described.SerializeToString())
bare = first("bare")
print(f"the value 0.1 that is written: {saved:.3g} with the description's version, {bare:.3g} without")
same = off == 0 and slope == 0.3 and epsilon == 0.0010000000474974513
sys.exit(not (same and not paddle.framework.use_pir_api() and abs(saved - 0.1) < 1e-6 and bare == 0))
PYTHON
