"""The runtime model of OpenVINO as ``benchmark_app -exec_graph_path`` writes it: what ran, and how.

It has what the counters lack (seen in OpenVINO 2026.4): logical shapes, what became a constant,
and of which layers of the model each layer consists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate

from edgeslim.errors import BadFileError
from edgeslim.files import read_bytes
from edgeslim.opspec import Shape

__all__ = ["ExecutedLayer", "find_graph", "read_graph"]

_MARK = b"execTimeMcs"
"""What only a runtime model has, and no model as it was given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutedLayer:
    """A layer of the runtime model.

    Args:
        name: Name of the layer, which differs from one compilation to the next.
        kind: Type in the runtime model, such as ``Convolution``.
        origins: Layers of the model that it consists of, the fused ones last.
        inputs: Shapes of what it reads and other layers compute, in order.
        parameters: Shapes of the constants that it reads, in order.
        outputs: Shapes of what it writes.
        precision: Numbers that it computes in, such as ``f32``.
    """

    name: str
    kind: str
    origins: tuple[str, ...]
    inputs: tuple[Shape, ...]
    parameters: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    precision: str


@dataclass(kw_only=True, slots=True)
class _Layer:
    """A layer while the file is read."""

    name: str
    kind: str
    data: Mapping[str, str] = field(default_factory=dict)
    inputs: dict[str, list[int]] = field(default_factory=dict)
    outputs: dict[str, list[int]] = field(default_factory=dict)


def find_graph(counters: Path) -> Path:
    """The runtime model in the folder of the counters.

    Raises:
        BadFileError: There is none, or there are several.
    """
    found = [path for path in sorted(counters.parent.glob("*.xml")) if _MARK in read_bytes(path)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise BadFileError(
            f"beside {counters} there are several runtime models ({names}); keep that of the same "
            "run of benchmark_app"
        )
    raise BadFileError(
        f"{counters} has no shapes; run benchmark_app again with -exec_graph_path "
        f"{counters.parent / 'graph.xml'} beside -report_type detailed_counters"
    )


def read_graph(path: Path) -> dict[str, ExecutedLayer]:
    """The layers of a runtime model, by name.

    Raises:
        BadFileError: It is not a runtime model.
    """
    reader = _Reader()
    parser = ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(read_bytes(path), True)
    except (ExpatError, ValueError, KeyError) as error:
        raise BadFileError(f"{path} is not a runtime model of OpenVINO: {error}") from error
    return {layer.name: layer for layer in reader.layers()}


def _refuse_entities(*_: object) -> None:
    raise ValueError("it declares entities")


class _Reader:
    """Collects layers and edges from the elements of the file."""

    def __init__(self) -> None:
        self._layers: dict[str, _Layer] = {}
        self._sources: dict[tuple[str, str], str] = {}
        self._layer: _Layer | None = None
        self._ports: dict[str, list[int]] | None = None
        self._port = ""
        self._dimension = ""
        self._in_dimension = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name == "layer":
            self._layer = _Layer(name=attributes["name"], kind=attributes["type"])
            self._layers[attributes["id"]] = self._layer
        elif name == "edge":
            target = (attributes["to-layer"], attributes["to-port"])
            self._sources[target] = attributes["from-layer"]
        elif self._layer is not None:
            self._start_in_layer(self._layer, name, attributes)

    def _start_in_layer(self, layer: _Layer, name: str, attributes: dict[str, str]) -> None:
        if name == "data":
            layer.data = attributes
        elif name in {"input", "output"}:
            self._ports = layer.inputs if name == "input" else layer.outputs
        elif name == "port" and self._ports is not None:
            self._port = attributes["id"]
            self._ports[self._port] = []
        elif name == "dim":
            self._in_dimension, self._dimension = True, ""

    def text(self, data: str) -> None:
        """Characters between elements."""
        if self._in_dimension:
            self._dimension += data

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "layer":
            self._layer = None
        elif name == "dim" and self._ports is not None:
            self._ports[self._port].append(int(self._dimension))
            self._in_dimension = False

    def layers(self) -> list[ExecutedLayer]:
        """All layers, with what each of them reads."""
        known: dict[str, bool] = {}
        return [self._make_layer(number, layer, known) for number, layer in self._layers.items()]

    def _make_layer(self, number: str, layer: _Layer, known: dict[str, bool]) -> ExecutedLayer:
        inputs, parameters = list[Shape](), list[Shape]()
        for port, given in layer.inputs.items():
            if 0 in given:  # a bias that is not there
                continue
            source, shape = self._sources.get((number, port), ""), given
            if layer.kind == "FullyConnected":
                shape = self._before_flattening(source, given)
            (parameters if self._is_constant(source, known) else inputs).append(tuple(shape))
        return ExecutedLayer(
            name=layer.name,
            kind=layer.kind,
            origins=tuple(filter(None, layer.data.get("originalLayersNames", "").split(","))),
            inputs=tuple(inputs),
            parameters=tuple(parameters),
            outputs=tuple(tuple(shape) for shape in layer.outputs.values()),
            precision=layer.data.get("runtimePrecision", ""),
        )

    def _before_flattening(self, number: str, shape: list[int]) -> list[int]:
        """Shape of a map of one place before it was flattened, as Paddle-Lite's layers read it."""
        source = self._layers.get(number)
        if source is None or source.kind != "Reshape" or not source.inputs:
            return shape
        image = next(iter(source.inputs.values()))
        return image if image == [*shape, 1, 1] else shape

    def _is_constant(self, number: str, known: dict[str, bool]) -> bool:
        """Whether a layer is computed once, when the model is compiled."""
        layer = self._layers.get(number)
        if layer is None:
            return False
        if number not in known:
            known[number] = layer.kind == "Const"  # also ends a circle
            sources = [self._sources.get((number, port), "") for port in layer.inputs]
            if sources and all(self._is_constant(source, known) for source in sources):
                known[number] = True
        return known[number]
