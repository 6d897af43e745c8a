#!/usr/bin/env bash
# A network of one's own, trained for a task of one's own, and deployed on this machine.
# Everything goes into runs/own_task; the same command continues there.
set -euo pipefail
here=$(dirname "$0")
runs=runs/own_task

edgeslim train "$here/network.py:build" --task "$here/task.py" --input-shape 1,1,24,24 \
    --epochs 8 --batch-size 32 --out "$runs/net"
edgeslim evaluate "$runs/net" --task "$here/task.py"

# Two pictures that the network has not seen.
python - "$here" "$runs" <<'PYTHON'
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, sys.argv[1])
from task import Shapes, draw

for label, name in enumerate(Shapes.class_names):
    pixels = draw(label, np.random.default_rng(7)) * 255
    Image.fromarray(pixels.astype(np.uint8)).save(Path(sys.argv[2]) / f"{name}.png")
PYTHON
edgeslim infer "$runs/net" --task "$here/task.py" --inputs "$runs/disc.png" "$runs/square.png"

edgeslim deploy "$runs/net" --device host --rounds 4 --out "$runs/deployment"
