"""What a process keeps of the programs that it lets Paddle run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.paddle_io.export import export_layer, run_in_paddle
from tests.tools import run_python

pytestmark = pytest.mark.slow

WIDTH = 2048
MEGABYTES = 4 * WIDTH**2 / 1e6
TIMES = 8

GROWTH = """
import sys
from pathlib import Path
import numpy as np
from edgeslim.paddle_io.export import run_in_paddle

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

given = {"x": np.ones((1, int(sys.argv[2])), np.float32)}
run_in_paddle(Path(sys.argv[1]), given)
before = megabytes()
for _ in range(int(sys.argv[3])):
    run_in_paddle(Path(sys.argv[1]), given)
print(megabytes() - before)
"""


def test_the_parameters_of_a_program_that_was_run_are_not_kept(tmp_path: Path) -> None:
    from paddle import nn

    net = nn.Linear(WIDTH, WIDTH)
    export_layer(net, [(1, WIDTH)], tmp_path / "net", names=["x"])
    grown = float(run_python(GROWTH, str(tmp_path / "net"), str(WIDTH), str(TIMES)).split()[-1])
    assert grown < TIMES / 2 * MEGABYTES
    (found,) = run_in_paddle(tmp_path / "net", {"x": np.zeros((1, WIDTH), np.float32)})
    np.testing.assert_array_equal(found[0], net.bias.numpy())
