"""Times an ONNX model in ONNX Runtime: ``python profile_onnx.py MODEL PREFIX SIDE RUNS``.

It runs in the Python that has ONNX Runtime, with one thread. First without the profiler, then with
it; the last line is the name of the profile and the samples without it in nanoseconds, as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import onnxruntime


def main(model: str, prefix: str, side: int, runs: int) -> None:
    images = np.random.default_rng(0).random((1, 3, side, side), np.float32)
    samples: list[int] = []
    profile = ""
    for is_profiled in (False, True):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        if is_profiled:
            options.enable_profiling, options.profile_file_prefix = True, prefix
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: images}
        for run in range(runs + 2):
            started = time.perf_counter_ns()
            session.run(None, feed)
            if not is_profiled and run >= 2:
                samples.append(time.perf_counter_ns() - started)
        if is_profiled:
            profile = session.end_profiling()
    print(json.dumps({"profile": profile, "samples_ns": samples}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
