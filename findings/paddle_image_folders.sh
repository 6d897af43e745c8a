#!/usr/bin/env bash
# Photos that paddle.vision.datasets.DatasetFolder hands to a training (Paddle 3.3.1, Pillow 12.3.0).
#
# Expected: a grey photo of 16 bits, all of it mid-grey (32,896 of 65,535), arrives as mid-grey
#   (128 of 255); a photo whose EXIF says that the camera was turned arrives upright; a folder
#   that Jupyter made for itself is no class.
# Seen: the grey photo arrives white (255), since every pixel above 255 is cut off there and not
#   scaled; the turned photo arrives lying down; .ipynb_checkpoints is class 0, so that all real
#   classes have other numbers. None of it is said. A network learns white squares, and whoever
#   trains with the folder and judges without Jupyter's has all labels shifted by one.
set -euo pipefail

for python in python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python; do
    "$python" --version >/dev/null 2>&1 && break
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "paddlepaddle==3.3.1" "pillow==12.3.0" "numpy==1.26.4" setuptools
cd "$work"
"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import os
import sys

import numpy as np
import paddle
import PIL
from PIL import Image

os.makedirs("photos/cat")
os.makedirs("photos/.ipynb_checkpoints")
Image.fromarray(np.full((20, 40), 32896, np.uint16)).save("photos/cat/deep.png")
turned = Image.Exif()
turned[0x0112] = 6  # the first row of the file is the right side of the scene
Image.new("RGB", (40, 20)).save("photos/cat/turned.jpg", exif=turned)
Image.new("RGB", (40, 20)).save("photos/.ipynb_checkpoints/deep-checkpoint.png")

photos = paddle.vision.datasets.DatasetFolder("photos")
found = {os.path.basename(path): photos[place][0] for place, (path, _) in enumerate(photos.samples)}
grey, size = found["deep.png"].getpixel((0, 0)), found["turned.jpg"].size
print(f"Paddle {paddle.__version__}, Pillow {PIL.__version__}")
print(f"mid-grey of 16 bits: {grey} (expected (128, 128, 128))")
print(f"a photo of 20x40 that lies as 40x20 in its file: {size} (expected (20, 40))")
print(f"classes: {photos.classes} (expected ['cat'])")
as_seen = grey == (255, 255, 255) and size == (40, 20)
as_seen = as_seen and photos.classes == [".ipynb_checkpoints", "cat"]
print("as seen before" if as_seen else "this has changed")
sys.exit(0 if as_seen else 1)
PYTHON
