"""Moonshine's published graphs: the weights in them, by the place that they have in the model.

The `.ort` files keep each matrix in 8 bits, with one scale and one zero point, behind Cast, Mul and Add nodes. Nodes are called after the
modules that they come from ("/layers.3/mlp/fc1/MatMul"), which is how a weight is found here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_OUTPUT: Final = "_output_0"
"""What the name of a node's result has behind the name of the node."""
_OFF: Final = 1e-3
"""How far from a whole number a zero point may be written."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Weights as they are published: `scale * (values - zero)`."""

    values: NDArray[np.int8]
    scale: float
    zero: int

    @property
    def floats(self) -> NDArray[np.float32]:
        """The weights themselves."""
        return np.float32(self.scale) * (self.values.astype(np.float32) - np.float32(self.zero))

    @property
    def turned(self) -> Matrix:
        """The matrix with its two axes exchanged."""
        return Matrix(np.ascontiguousarray(self.values.T), self.scale, self.zero)


def read(source: Path, scratch: Path) -> onnx.ModelProto:
    """A `.ort` file as an ONNX model. `scratch`: a file that is written on the way."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(scratch)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    options.log_severity_level = 3
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    return onnx.load(str(scratch))


def branch(model: onnx.ModelProto, name: str) -> onnx.GraphProto:
    """One side of the only `If` of a graph: "then_branch" or "else_branch"."""
    choice = next(node for node in model.graph.node if node.op_type == "If")
    found: onnx.GraphProto = next(attribute.g for attribute in choice.attribute if attribute.name == name)
    return found


class Weights:
    """The weights of graphs that share their names, as a graph and a branch of it do."""

    def __init__(self, graphs: Iterable[onnx.GraphProto]) -> None:
        graphs = list(graphs)
        self._kept = {tensor.name: tensor for graph in graphs for tensor in graph.initializer}
        self._nodes = {output: node for graph in graphs for node in graph.node for output in node.output}

    def array(self, node: str) -> NDArray[np.float32]:
        """The vector or the filters that a node works with. Raises `KeyError` if it has none."""
        found = self._of(node)
        return found.floats if isinstance(found, Matrix) else found

    def matrix(self, node: str) -> Matrix:
        """The matrix that a node multiplies with. Raises `KeyError` if it has none in 8 bits."""
        found = self._of(node)
        if not isinstance(found, Matrix):
            raise KeyError(node)
        return found

    def named(self, name: str) -> NDArray[np.float32] | None:
        """What a graph reads by this name, if that depends on weights alone."""
        found = self._resolve(name)
        return found.floats if isinstance(found, Matrix) else found

    def layers(self, prefix: str) -> int:
        """How many layers there are whose nodes begin with `prefix`, such as "/layers."."""
        return 1 + max(int(name.removeprefix(prefix).partition("/")[0]) for name in self._nodes if name.startswith(prefix))

    def _of(self, node: str) -> Matrix | NDArray[np.float32]:
        made = self._nodes.get(node + _OUTPUT) or self._nodes[node]
        for name in made.input:
            found = self._resolve(name)
            if isinstance(found, Matrix) or (found is not None and found.size > 1):
                return found
        raise KeyError(node)

    def _resolve(self, name: str) -> Matrix | NDArray[np.float32] | None:
        """What a name stands for, if that depends on weights alone."""
        if name in self._kept:
            array: NDArray[np.float32] = numpy_helper.to_array(self._kept[name])
            return array
        node = self._nodes.get(name)
        if node is None or node.op_type not in {"Add", "Transpose"}:
            return None
        if node.op_type == "Transpose":
            under = self._resolve(node.input[0])
            return under.turned if isinstance(under, Matrix) else None
        return self._unpacked(node)

    def _unpacked(self, add: onnx.NodeProto) -> Matrix | None:
        """The matrix behind Cast, Mul and Add."""
        mul = self._nodes.get(add.input[0])
        cast = self._nodes.get(mul.input[0]) if mul is not None and mul.op_type == "Mul" else None
        if mul is None or cast is None or cast.op_type != "Cast" or cast.input[0] not in self._kept:
            return None
        scale, offset = (float(numpy_helper.to_array(self._kept[node.input[1]]).item()) for node in (mul, add))
        zero = -offset / scale
        if abs(zero - round(zero)) > _OFF:
            raise ValueError(f"{cast.input[0]} has no whole zero point ({zero}).")
        values: NDArray[np.int8] = numpy_helper.to_array(self._kept[cast.input[0]])
        return Matrix(values, scale, round(zero))
