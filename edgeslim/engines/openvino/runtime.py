"""OpenVINO as the runner's program calls it, in the Python that has it."""

from __future__ import annotations

from typing import Any, Dict, List


class OpenvinoLibrary:
    """OpenVINO's processor plug-in with a number of threads, in float32."""

    def __init__(self, threads: int) -> None:
        import openvino

        self._module = openvino
        self._core = openvino.Core()
        self._settings = {
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        self.version: str = openvino.get_version().split("-")[0]

    def load(
        self, files: Dict[str, bytes], name: str, inputs: List[str], outputs: List[str]
    ) -> Any:
        """A compiled model from its two files in memory."""
        weights = files[name.rsplit(".", 1)[0] + ".bin"]
        model = self._core.read_model(files[name], weights)
        compiled = self._core.compile_model(model, "CPU", self._settings)
        return OpenvinoNetwork(self._module, compiled, inputs, outputs)


class OpenvinoNetwork:
    """A request whose inputs are the arrays themselves, given by name."""

    def __init__(self, module: Any, compiled: Any, inputs: List[str], outputs: List[str]) -> None:
        self._module = module
        self._request = compiled.create_infer_request()
        self._inputs = [compiled.input(name) for name in inputs]
        # Two outputs may be one tensor, which then has both names.
        self._outputs = [compiled.output(name) for name in outputs]
        self._arrays: List[Any] = []
        self.run = self._request.infer

    def feed(self, arrays: List[Any]) -> None:
        """Gives the inputs anew."""
        self._arrays = arrays
        for port, array in zip(self._inputs, arrays):
            self._request.set_tensor(port, self._module.Tensor(array, shared_memory=True))

    def outputs(self) -> List[Any]:
        """Arrays of the outputs of the last run."""
        return [self._request.get_tensor(port).data.copy() for port in self._outputs]


LIBRARY = OpenvinoLibrary
