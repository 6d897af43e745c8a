#!/usr/bin/env bash
# Models of one version number that two releases of Paddle write differently.
#
# Expected: a release of Paddle runs a model whose format version is its own.
# Seen (paddlepaddle 3.3.0 and 3.3.1): both call their format version 4, and of a group norm 3.3.0
# writes epsilon as a 32-bit float, 3.3.1 as a 64-bit one. Each fails on the other's model (with
# paddle.jit.load an error that is not about the file; in other places a segmentation fault).
#
# Exits non-zero if that changes. Takes about three minutes, most of it installation.
set -euo pipefail

for python in python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python3.10; do
  "$python" -c "" 2>/dev/null && break
  python=
done
[ -n "$python" ] || { echo "Python 3.10 is needed"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/save.py" <<'P'
import sys

import paddle

net = paddle.nn.GroupNorm(2, 4)
net.eval()
shape = paddle.static.InputSpec([1, 4, 2, 2], "float32")
paddle.jit.save(net, sys.argv[1] + "/net", input_spec=[shape])
P
cat > "$folder/run.py" <<'P'
import sys

import paddle

paddle.jit.load(sys.argv[1] + "/net")(paddle.ones([1, 4, 2, 2]))
P

for version in 3.3.0 3.3.1; do
  "$python" -m venv "$folder/$version"
  "$folder/$version/bin/pip" -q install --no-input paddlepaddle==$version numpy==1.26.4
  mkdir "$folder/of-$version"
  "$folder/$version/bin/python" "$folder/save.py" "$folder/of-$version" 2>/dev/null >&2
  grep -o '"magic":"pir","trainable":true,"version":4' "$folder/of-$version/net.json"
done
found=
for saved in 3.3.0 3.3.1; do
  for runs in 3.3.0 3.3.1; do
    if "$folder/$runs/bin/python" "$folder/run.py" "$folder/of-$saved" >/dev/null 2>&1; then
      ended=well
    else
      ended=badly
    fi
    echo "saved by $saved, run by $runs: ends $ended"
    found="$found $ended"
  done
done
[ "$found" = " well badly badly well" ] || { echo "this has changed"; exit 1; }
