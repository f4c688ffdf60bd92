"""Draws an ONNX graph node by node, matrices in 32 or in 8 bits."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from engine.recognition.published import Matrix

_MICROSOFT: Final = "com.microsoft"
"""Where ONNX Runtime's own operators are."""
_OPSET: Final = 17
_BLOCK: Final = 32
"""Numbers of a row that share one scale where `Precision.BLOCKS` rounds them."""
_EPSILON: Final = 1e-5
_SHIFT: Final = 128
"""From signed to unsigned bytes."""

FLOAT: Final = TensorProto.FLOAT
INT64: Final = TensorProto.INT64


class Precision(enum.Enum):
    """How a product is computed. The weights are the published ones in each, exactly."""

    FLOATS = enum.auto()
    """In 32 bits."""
    BLOCKS = enum.auto()
    """In 8 bits, the other factor with a scale for each 32 numbers: nearly exact, and fast for a row or two."""
    WHOLE = enum.auto()
    """In 8 bits, the other factor with one scale for all of it: rougher, and fast for many rows."""


class Drawing:
    """A graph that grows. Whatever adds a node returns the name of its result."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._weights: list[TensorProto] = []
        self._count = 0

    def model(self, name: str, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]) -> ModelProto:
        """What was drawn."""
        graph = helper.make_graph(self._nodes, name, inputs, outputs, self._weights)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def copy(self, node: NodeProto, inputs: Sequence[str]) -> None:
        """A node of another graph, its results called as they are there."""
        own = NodeProto()
        own.CopyFrom(node)
        own.input[:] = inputs
        self._nodes.append(own)

    def weight(self, array: NDArray[np.generic] | Sequence[int]) -> str:
        """A constant; whole numbers are 64 bits long unless they come as an array."""
        self._count += 1
        name = f"weight_{self._count}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        *,
        results: Sequence[str] = (),
        own: bool = False,
        **attributes: float | Sequence[int],
    ) -> str:
        """A node. `results`: names of what it gives, one of the drawing's if there are none; `own`: an operator of ONNX Runtime."""
        self._count += 1
        names = list(results) or [f"value_{self._count}"]
        self._nodes.append(_made(kind, inputs, names, attributes, own=own))
        return names[0]

    def split(self, value: str, sizes: Sequence[int]) -> list[str]:
        """The parts of a value along its last axis."""
        self._count += 1
        names = [f"value_{self._count}_{part}" for part in range(len(sizes))]
        self.node("Split", [value, self.weight(sizes)], results=names, axis=-1)
        return names

    def norm(self, value: str, gain: NDArray[np.float32]) -> str:
        """Layer normalisation without a bias."""
        return self.node("LayerNormalization", [value, self.weight(gain)], axis=-1, epsilon=_EPSILON)

    def rotated(self, value: str, position: str, caches: Sequence[str], heads: int, turned: int) -> str:
        """Rotary embedding (https://arxiv.org/abs/2104.09864), neighbours in pairs, on the first `turned` numbers of each head."""
        return self.node(
            "RotaryEmbedding",
            [value, position, *caches],
            own=True,
            interleaved=1,
            num_heads=heads,
            rotary_embedding_dim=turned,
        )

    def product(
        self,
        value: str,
        matrix: Matrix,
        precision: Precision,
        bias: NDArray[np.float32] | None = None,
        results: Sequence[str] = (),
    ) -> str:
        """`value` times a matrix, and a bias added."""
        added = [] if bias is None else [self.weight(bias)]
        if precision is Precision.FLOATS:
            made = self.node("MatMul", [value, self.weight(matrix.floats)], results=() if added else results)
            return self.node("Add", [made, *added], results=results) if added else made
        if precision is Precision.WHOLE:
            scale, zero = np.array([matrix.scale], np.float32), np.array([matrix.zero], np.int8)
            factors = [value, self.weight(matrix.values), self.weight(scale), self.weight(zero)]
            return self.node("DynamicQuantizeMatMul", [*factors, *added], results=results, own=True)
        rows, columns = matrix.values.shape
        packed, scales, zeros = _in_blocks(matrix)
        factors = [value, self.weight(packed), self.weight(scales), self.weight(zeros)]
        sizes = {"K": rows, "N": columns, "bits": 8, "block_size": _BLOCK, "accuracy_level": 4}
        return self.node("MatMulNBits", [*factors, *(["", *added] if added else [])], results=results, own=True, **sizes)


def value(name: str, kind: int, shape: Sequence[str | int]) -> ValueInfoProto:
    """An input or an output of a graph; sizes that vary have names."""
    return helper.make_tensor_value_info(name, kind, shape)


def _made(
    kind: str, inputs: Sequence[str], names: Sequence[str], attributes: Mapping[str, float | Sequence[int]], *, own: bool
) -> NodeProto:
    node = helper.make_node(kind, inputs, names, domain=_MICROSOFT if own else "")
    node.attribute.extend(helper.make_attribute(name, what) for name, what in attributes.items())
    return node


def _in_blocks(matrix: Matrix) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """(K, N) weights as (N, K / 32, 32) bytes, with a scale and a zero point for each block."""
    rows, columns = matrix.values.shape
    blocks = -(-rows // _BLOCK)
    padded = np.full((blocks * _BLOCK, columns), matrix.zero + _SHIFT, np.uint8)
    padded[:rows] = (matrix.values.astype(np.int16) + _SHIFT).astype(np.uint8)
    grouped = np.ascontiguousarray(padded.T.reshape(columns, blocks, _BLOCK))
    scales = np.full((columns, blocks), matrix.scale, np.float32)
    return grouped, scales, np.full((columns, blocks), matrix.zero + _SHIFT, np.uint8)
