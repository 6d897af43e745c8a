"""MNN as the runner's program calls it, in the Python that has it."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Dict, List


class MnnLibrary:
    """MNN's processor backend with a number of threads, in float32."""

    def __init__(self, threads: int) -> None:
        import MNN
        import numpy

        self._module = MNN
        self._numpy = numpy
        self._config = {"backend": "CPU", "numThread": threads, "precision": "high"}
        try:
            from importlib.metadata import version

            self.version = version("MNN")
        except ImportError:  # before Python 3.8
            self.version = "unknown"

    def load(
        self, files: Dict[str, bytes], name: str, inputs: List[str], outputs: List[str]
    ) -> Any:
        """A session of a model, which MNN reads from a file alone."""
        handle, path = tempfile.mkstemp(suffix=".mnn")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(files[name])
            interpreter = self._module.Interpreter(path)
        finally:
            os.unlink(path)
        return MnnNetwork(self._module, self._numpy, interpreter, self._config, inputs, outputs)


class MnnNetwork:
    """A session whose inputs are copied into its own memory, as its interface wants it."""

    def __init__(
        self,
        module: Any,
        numpy: Any,
        interpreter: Any,
        config: Dict[str, Any],
        inputs: List[str],
        outputs: List[str],
    ) -> None:
        self._module = module
        self._numpy = numpy
        self._interpreter = interpreter
        self._session = interpreter.createSession(config)
        self._inputs = [interpreter.getSessionInput(self._session, name) for name in inputs]
        self._outputs = [interpreter.getSessionOutput(self._session, name) for name in outputs]
        self._types = {
            "float32": module.Halide_Type_Float,
            "int32": module.Halide_Type_Int,
            "uint8": module.Halide_Type_Uint8,
        }

    def feed(self, arrays: List[Any]) -> None:
        """Copies the inputs anew."""
        for tensor, array in zip(self._inputs, arrays):
            own = array.astype("int32") if array.dtype in {"int64", "bool"} else array
            if own.dtype.name not in self._types:
                raise ValueError(f"MNN takes no inputs of {own.dtype}")
            if tuple(tensor.getShape()) != own.shape:
                raise ValueError(f"MNN's input has shape {tensor.getShape()}")
            host = self._module.Tensor(
                own.shape,
                self._types[own.dtype.name],
                self._numpy.ascontiguousarray(own),
                self._module.Tensor_DimensionType_Caffe,
            )
            tensor.copyFrom(host)

    def run(self) -> None:
        """Runs the session."""
        if self._interpreter.runSession(self._session) != 0:
            raise ValueError("MNN's session does not run")

    def outputs(self) -> List[Any]:
        """Arrays of the outputs of the last run."""
        found = []
        for tensor in self._outputs:
            shape, kind = tensor.getShape(), tensor.getDataType()
            array = self._numpy.zeros(
                shape, "int32" if kind == self._module.Halide_Type_Int else "float32"
            )
            host = self._module.Tensor(shape, kind, array, self._module.Tensor_DimensionType_Caffe)
            tensor.copyToHostTensor(host)
            found.append(self._numpy.array(host.getNumpyData()).reshape(shape))
        return found


LIBRARY = MnnLibrary
