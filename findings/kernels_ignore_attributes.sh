#!/usr/bin/env bash
# Attributes that Paddle-Lite 2.13rc0's kernels do not use: another function, and no word of it.
#
# Expected: an operator computes what its attributes say, or is refused as unsupported.
# Seen (paddlelite 2.13rc0, paddlepaddle 3.3.1, x86):
#   gelu          approximate=True      the form with the error function; off by some 1e-4, which
#                                       passes for rounding
#   top_k_v2      largest=False         the largest elements
#   leaky_relu    alpha=1.5             1.5 x for positive x, x for negative: the larger of both
#   round                               halves away from 0; Paddle takes the even neighbour
#   thresholded_relu  value=-0.5        0 below the threshold
#   arg_max       flatten=True          one place for each row, not one
#   scale         ScaleTensor           the tensor is not read
#   pad3d         value=0.7             pads with 0
#   elementwise_floordiv                rounds towards 0, not down
#   pow           factor=2              other numbers wherever x is negative
# Sources at tag v2.13-rc: lite/operators and lite/kernels/{x86,host} of each.
# Exits with 0 while all of that is so.
set -euo pipefail

for python in python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python; do
    "$python" --version >/dev/null 2>&1 && break
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet 'paddlepaddle==3.3.1' 'paddlelite==2.13rc0' 'numpy==1.26.4' \
    setuptools 2>"$work/log" || { tail -5 "$work/log"; exit 1; }
cat > "$work/save.py" <<'PYTHON'
import os
import sys

os.environ["FLAGS_enable_pir_api"] = "0"
import numpy as np
import paddle

paddle.enable_static()
image = np.random.default_rng(0).standard_normal((1, 4, 8, 8)).astype("float32") * 2
CASES = {
    "gelu": ("gelu", {"approximate": True}, [1, 4, 8, 8]),
    "smallest": ("top_k_v2", {"k": 2, "axis": -1, "largest": False, "sorted": True}, [1, 4, 8, 2]),
    "slope": ("leaky_relu", {"alpha": 1.5}, [1, 4, 8, 8]),
    "halves": ("round", {}, [1, 4, 8, 8]),
    "below": ("thresholded_relu", {"threshold": 1.0, "value": -0.5}, [1, 4, 8, 8]),
    "place": ("arg_max", {"axis": 0, "flatten": True, "keepdims": False, "dtype": 3}, []),
    "factor": ("scale", {"bias": 0.0, "bias_after_scale": True}, [1, 4, 8, 8]),
    "padding": ("pad3d", {"paddings": [1, 2, 3, 1, 0, 0], "mode": "constant", "value": 0.7,
                          "data_format": "NCDHW"}, [1, 1, 4, 12, 11]),
    "quotient": ("elementwise_floordiv", {"axis": -1}, [1, 4, 8, 8]),
    "square": ("pow", {"factor": 2.0}, [1, 4, 8, 8]),
}
for name, (kind, attributes, shape) in CASES.items():
    program, startup = paddle.static.Program(), paddle.static.Program()
    with paddle.static.program_guard(program, startup), paddle.utils.unique_name.guard():
        given = [1, 1, 4, 8, 8] if kind == "pad3d" else [1, 4, 8, 8]
        x = paddle.static.data("x", given, "float32")
        one = paddle.static.create_parameter(
            [1], "float32", default_initializer=paddle.nn.initializer.Constant(3.0)
        )
        block = program.global_block()

        def variable(shape, dtype="float32"):
            return block.create_var(shape=shape, dtype=dtype)

        # A model without parameters is not converted, so the input takes one with it.
        fed = variable(given)
        block.append_op(
            type="elementwise_mul", inputs={"X": [x], "Y": [one]}, outputs={"Out": [fed]},
            attrs={"axis": -1},
        )
        inputs = {"X": [fed]}
        if kind == "scale":
            inputs["ScaleTensor"] = [one]
        if kind == "elementwise_floordiv":
            inputs["Y"] = [one]
        made = variable(shape, "int64" if kind == "arg_max" else "float32")
        outputs = {"Out": [made]}
        if kind == "top_k_v2":
            outputs["Indices"] = [variable(shape, "int64")]
        block.append_op(type=kind, inputs=inputs, outputs=outputs, attrs=attributes)
        if kind == "arg_max":
            whole, made = made, variable(shape)
            block.append_op(
                type="cast", inputs={"X": [whole]}, outputs={"Out": [made]},
                attrs={"in_dtype": 3, "out_dtype": 5},
            )
        executor = paddle.static.Executor(paddle.CPUPlace())
        executor.run(startup)
        feed = image.reshape(given)
        if kind == "round":
            feed = np.arange(-128, 128, dtype="float32").reshape(given) / 6
        (truth,) = executor.run(program, feed={"x": feed}, fetch_list=[made])
        paddle.static.save_inference_model(
            f"{sys.argv[1]}/{name}", [x], [made], executor, program=program, clip_extra=False
        )
        np.savez(f"{sys.argv[1]}/{name}.npz", image=feed, truth=truth)
PYTHON
cat > "$work/run.py" <<'PYTHON'
import glob
import os
import sys

import numpy as np
import paddlelite.lite as lite

least = {"gelu": 1e-5}
as_seen = True
for file in sorted(glob.glob(f"{sys.argv[1]}/*.npz")):
    prefix, name = file[:-4], os.path.basename(file)[:-4]
    opt = lite.Opt()
    opt.set_model_file(f"{prefix}.pdmodel")
    opt.set_param_file(f"{prefix}.pdiparams")
    opt.set_valid_places("x86")
    opt.set_optimize_out(prefix)
    opt.run()
    config = lite.MobileConfig()
    config.set_model_from_file(f"{prefix}.nb")
    predictor = lite.create_paddle_predictor(config)
    data = np.load(file)
    tensor = predictor.get_input(0)
    tensor.resize(data["image"].shape)
    tensor.set_float_data(data["image"].ravel().tolist())
    predictor.run()
    found, truth = np.asarray(predictor.get_output(0).numpy()).ravel(), data["truth"].ravel()
    if found.size != truth.size:
        print(f"RESULT {name}: {found.size} numbers where there should be {truth.size}")
        continue
    off = np.abs(found - truth).max() / np.abs(truth).max()
    print(f"RESULT {name}: off by {off:.1e} of the largest value")
    as_seen &= not off <= least.get(name, 0.01)
sys.exit(0 if as_seen else 1)
PYTHON
"$work/venv/bin/pip" list 2>/dev/null | grep -i '^paddle'
"$work/venv/bin/python" "$work/save.py" "$work" >"$work/log" 2>&1 || { tail -5 "$work/log"; exit 1; }
status=0
"$work/venv/bin/python" "$work/run.py" "$work" >"$work/log" 2>&1 || status=$?
grep RESULT "$work/log" || tail -5 "$work/log"
if [ "$status" = 0 ]; then echo "as seen before"; else echo "this has changed"; fi
exit "$status"
