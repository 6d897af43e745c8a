"""Foreign tables as their projects wrote them, and what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim.tables.import_table import ImportedTable, TableOrigin, import_table

KIRIN = """\
dev_info \tarmv7/v8  \tcore_num  \tthread_num\tpower_mode\tcore0 arch\tcore1 arch
Hisilicon Kirin980            \tarmv8     \t2         \t1         \tARM_A55  \tARM_A76  \t
op_name \tinput_dims\toutput_dims\tparam_info\tmin_latency(ms)\tmax_latency(ms)\tavg_latency(ms)
conv      \t[1 96 112 112]\t[1 48 114 114]\t(ch_out=48,stride=[1 1],pad=[0 0 0 0],kernel=1x1,\
group=1,dilation=[1 1],flag_bias=0,flag_act=0,dtype=float)\t3.472     \t5.384     \t3.97393
fc        \t[4 8]     \t[4 1000]  \t(param_dim=8x1000,flag_bias=1)\t0.009\t0.023\t0.00951
batchnorm \t[1 8 64 64]\t[1 8 64 64]\t(epsilon=1e-4f,momentum=0.9f,dtype=float)\t0.01\t0.012\t0.0114
activation\t[1 8 64 64]\t[1 8 64 64]\t(act_type=relu,dtype=float) \t0.01      \t0.028     \t0.01098
"""
"""What Paddle-Lite ships as an example, but for its pooling and six of its cores."""


def imported(folder: Path, format_name: str, content: str | bytes, **known: Any) -> ImportedTable:
    """A foreign table imported into ``ours.jsonl``; ``name`` is what its file is called."""
    file = folder / known.pop("name", "theirs.txt")
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    origin = TableOrigin(device="board", **known)
    return import_table(file, format_name, folder / "ours.jsonl", origin=origin)


def reasons(done: ImportedTable) -> list[str]:
    """Why rows were refused, with their places."""
    return [str(each) for each in done.refused]
