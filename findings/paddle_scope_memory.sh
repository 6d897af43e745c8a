#!/usr/bin/env bash
# What a scope holds when nobody has the scope any more.
#
# Expected: load_inference_model puts parameters into the scope of scope_guard(Scope()). When guard,
# executor, program and scope are gone and Python has collected, so are they.
# Seen (paddlepaddle 3.3.1, CPU): they stay until the process ends. Every model that a process loads
# and runs adds its size (here 16.8 MB each time); Executor.close() and gc.collect() free none of it.
# What does: scope.erase(scope.local_var_names()) before it is let go.
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

cat > "$folder/memory.py" <<'P'
import gc
import sys
from pathlib import Path

import numpy as np
import paddle

WIDTH, TIMES = 2048, 10
SIZE = 4 * WIDTH**2 / 1e6
given = {"x": np.ones((1, WIDTH), np.float32)}
prefix = str(Path(sys.argv[1], "net"))
paddle.jit.save(
    paddle.nn.Linear(WIDTH, WIDTH), prefix, input_spec=[paddle.static.InputSpec([1, WIDTH], name="x")]
)
paddle.enable_static()


def megabytes():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def run(erase):
    scope = paddle.static.Scope()
    with paddle.static.scope_guard(scope):
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, _, fetched = paddle.static.load_inference_model(prefix, executor)
        executor.run(program, feed=given, fetch_list=fetched)
        executor.close()
    if erase:
        scope.erase(scope.local_var_names())


def grown(erase):
    run(erase)
    before = megabytes()
    for _ in range(TIMES):
        run(erase)
    return (megabytes() - before) / TIMES


print("paddle", paddle.__version__, "- parameters of", round(SIZE, 1), "MB")
erased, kept = grown(True), grown(False)
print("grown by each run, MB: erased", round(erased, 1), "- let go", round(kept, 1))
assert erased < SIZE / 2, "erased, they are free"
assert kept > SIZE * 0.8, "let go, they are kept"
print("as seen before: what a scope held is kept")
P

GLOG_minloglevel=2 "$folder/venv/bin/python" "$folder/memory.py" "$folder"
