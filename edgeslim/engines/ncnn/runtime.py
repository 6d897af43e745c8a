"""ncnn as the runner's program calls it, in the Python that has it."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Dict, List


class NcnnLibrary:
    """ncnn with a number of threads, in float32: by default some layers compute in halves."""

    def __init__(self, threads: int) -> None:
        import ncnn
        import numpy

        self._module = ncnn
        self._numpy = numpy
        self._threads = threads
        self.version: str = ncnn.__version__

    def load(
        self, files: Dict[str, bytes], name: str, inputs: List[str], outputs: List[str]
    ) -> Any:
        """A net from its two files in memory."""
        net = self._module.Net()
        options = net.opt
        options.num_threads = self._threads
        options.use_vulkan_compute = False
        for half in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
            setattr(options, half, False)
        for half in ("use_bf16_packed", "use_bf16_storage"):
            if hasattr(options, half):
                setattr(options, half, False)
        net.opt = options
        # Only files are read with a look at their ends.
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, suffix) for suffix in ("param", "bin")]
            for path, own in zip(paths, (name, name.rsplit(".", 1)[0] + ".bin")):
                with open(path, "wb") as stream:
                    stream.write(files[own])
            if net.load_param(paths[0]) != 0 or net.load_model(paths[1]) != 0:
                raise ValueError("ncnn cannot read the model")
        return NcnnNetwork(self._module, self._numpy, net, inputs, outputs)


class NcnnNetwork:
    """A net that makes an extractor for every run, as it is meant to be used."""

    def __init__(
        self, module: Any, numpy: Any, net: Any, inputs: List[str], outputs: List[str]
    ) -> None:
        self._module = module
        self._numpy = numpy
        self._net = net
        self._inputs = inputs
        self._outputs = outputs
        self._arrays: List[Any] = []
        self._mats: List[Any] = []
        self._found: List[Any] = []

    def feed(self, arrays: List[Any]) -> None:
        """Makes the inputs anew; ncnn has no batch, and a picture without one."""
        self._arrays = [self._without_batch(array) for array in arrays]
        # A Mat does not keep the array alive that it was made of.
        self._mats = [self._module.Mat(array).clone() for array in self._arrays]

    def _without_batch(self, array: Any) -> Any:
        if array.ndim > 1:
            if array.shape[0] != 1:
                raise ValueError("ncnn has no batches: the first extent must be 1")
            array = array[0]
        if array.dtype != self._numpy.float32:
            raise ValueError(f"ncnn takes inputs of float32 alone, not {array.dtype}")
        return self._numpy.ascontiguousarray(array)

    def run(self) -> None:
        """Runs the net for all outputs."""
        extractor = self._net.create_extractor()
        for name, mat in zip(self._inputs, self._mats):
            extractor.input(name, mat)
        self._found = []
        for name in self._outputs:
            status, mat = extractor.extract(name)
            if status != 0:
                raise ValueError(f"ncnn gives no output {name}")
            self._found.append(mat)

    def outputs(self) -> List[Any]:
        """Arrays of the outputs of the last run, with the batch that ncnn leaves out."""
        return [self._numpy.array(mat)[None].copy() for mat in self._found]


LIBRARY = NcnnLibrary
