"""ONNX Runtime as the runner's program calls it, in the Python that has it."""

from __future__ import annotations

from typing import Any, Dict, List


class OnnxruntimeLibrary:
    """ONNX Runtime with a number of threads, on the processor."""

    def __init__(self, threads: int) -> None:
        import onnxruntime

        self._module = onnxruntime
        self._threads = threads
        self.version: str = onnxruntime.__version__

    def load(
        self, files: Dict[str, bytes], name: str, inputs: List[str], outputs: List[str]
    ) -> Any:
        """A session of a model in memory."""
        options = self._module.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = self._module.InferenceSession(
            files[name], options, providers=["CPUExecutionProvider"]
        )
        return OnnxruntimeNetwork(session, inputs, outputs)


class OnnxruntimeNetwork:
    """A session whose inputs are bound, so that a run copies nothing."""

    def __init__(self, session: Any, inputs: List[str], outputs: List[str]) -> None:
        self._session = session
        self._binding = session.io_binding()
        self._inputs = inputs
        self._outputs = outputs
        self.run = lambda: session.run_with_iobinding(self._binding)

    def feed(self, arrays: List[Any]) -> None:
        """Binds the inputs anew, and fresh memory for the outputs."""
        self._binding.clear_binding_inputs()
        self._binding.clear_binding_outputs()
        for name, array in zip(self._inputs, arrays):
            self._binding.bind_cpu_input(name, array)
        for name in self._outputs:
            self._binding.bind_output(name)

    def outputs(self) -> List[Any]:
        """Arrays of the outputs of the last run."""
        return list(self._binding.copy_outputs_to_cpu())


LIBRARY = OnnxruntimeLibrary
