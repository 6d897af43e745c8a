#!/usr/bin/env bash
# log_softmax of logits that are far apart.
#
# Expected: log_softmax([0, -100]) is [0, -100], as the definition x - log(sum(exp(x))) has it and
# as PyTorch and JAX compute it: that is what log_softmax is there for, beside log(softmax(x)).
# Seen (paddlepaddle 3.3.1, CPU): nothing is below -64. A difference of 65, 100 or 1000 from the
# largest is taken for 64 (kThreshold in phi/kernels/funcs/softmax_impl.h), softmax's too, so a
# class that is ruled out costs 64 and not 1000, and its gradient is that of another number.
# Paddle-Lite 2.13's kernel gives the true values: a converted classifier differs from Paddle there.
#
# Exits non-zero if that changes. Takes about a minute, most of it installation.
set -euo pipefail

for python in python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python3.10; do
  "$python" -c "" 2>/dev/null && break
  python=
done
[ -n "$python" ] || { echo "Python 3.10 is needed"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --no-input paddlepaddle==3.3.1 numpy==1.26.4

cat > "$folder/floor.py" <<'P'
import numpy as np
import paddle
import paddle.nn.functional as F

logits = np.array([0.0, -63.0, -65.0, -100.0, -1000.0])
true = logits - np.log(np.exp(logits).sum())
found = F.log_softmax(paddle.to_tensor(logits.astype("float32"))).numpy()
print("paddle", paddle.__version__)
print("logits     ", logits.tolist())
print("definition ", np.round(true, 4).tolist())
print("log_softmax", np.round(found, 4).tolist())
assert np.allclose(found[:2], true[:2], atol=1e-4), "right down to -64"
assert np.allclose(found[2:], -64.0, atol=1e-4), "and -64 below"
print("as seen before: nothing is below -64")
P

GLOG_minloglevel=2 "$folder/venv/bin/python" "$folder/floor.py"
