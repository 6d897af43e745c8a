#!/usr/bin/env bash
# paddlelite 2.13rc0, x86: the operator p_norm is no norm but for even orders.
#
# Expected: paddle.norm(x, p) of a network converted by opt gives what Paddle gives, or opt
# refuses the orders that the kernel does not know.
# Seen: the kernel (lite/backends/host/math/norm.cc, for every processor) adds up powers of the
# values and not of their magnitudes, with the order as a whole number. Orders 2 and 4 are right;
# 1 and 3 of something negative, 1.5 and infinity are not, and nothing says so.
# F.normalize(x, p=1) divides by it.
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
"$folder/venv/bin/pip" install --quiet paddlepaddle==3.3.1 paddlelite==2.13rc0 numpy==1.26.4
cd "$folder"

cat > save.py <<'PY'
import numpy as np
import paddle

paddle.enable_static()
x = np.random.default_rng(0).standard_normal((2, 5)).astype("float32")
np.save("x.npy", x)
for name, order in (("1", 1.0), ("1.5", 1.5), ("2", 2.0), ("3", 3.0), ("4", 4.0), ("inf", float("inf"))):
    with paddle.static.program_guard(paddle.static.Program(), paddle.static.Program()):
        data = paddle.static.data("x", [2, 5], "float32")
        weight = paddle.static.create_parameter(
            [5], "float32", default_initializer=paddle.nn.initializer.Constant(0.5)
        )
        norm = paddle.norm(data + weight, p=order, axis=1)
        executor = paddle.static.Executor(paddle.CPUPlace())
        executor.run(paddle.static.default_startup_program())
        (value,) = executor.run(feed={"x": x}, fetch_list=[norm])
        np.save(f"{name}.npy", value)
        paddle.static.save_inference_model("order" + name, [data], [norm], executor)
PY
cat > run.py <<'PY'
import sys
import numpy as np
import paddlelite.lite as lite

right = {}
for name in ("1", "1.5", "2", "3", "4", "inf"):
    opt = lite.Opt()
    opt.set_model_file(f"order{name}.pdmodel")
    opt.set_param_file(f"order{name}.pdiparams")
    opt.set_valid_places("x86")
    opt.set_optimize_out(f"order{name}")
    opt.run()
    config = lite.MobileConfig()
    config.set_model_from_file(f"order{name}.nb")
    predictor = lite.create_paddle_predictor(config)
    tensor = predictor.get_input(0)
    tensor.from_numpy(np.load("x.npy"))
    predictor.run()
    wanted, found = np.load(f"{name}.npy").ravel(), predictor.get_output(0).numpy().ravel()
    right[name] = bool(np.allclose(wanted, found, rtol=1e-4))
    print(f"order {name}: Paddle {wanted}, Paddle-Lite {found}, the same: {right[name]}")
sys.exit([name for name in right if right[name]] != ["2", "4"])
PY
"$folder/venv/bin/pip" list 2>/dev/null | grep -i '^paddle'
FLAGS_enable_pir_api=0 "$folder/venv/bin/python" save.py 2> /dev/null
"$folder/venv/bin/python" run.py 2> /dev/null > out.txt && code=0 || code=$?
grep "^order" out.txt
exit "$code"
