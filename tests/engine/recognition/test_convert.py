"""Weights in 8 bits, against the products that they stand for."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.recognition import convert

ROWS, INNER, COLUMNS = 40, 100, 48


def product(*, transposed: bool) -> onnx.ModelProto:
    """`x` times a matrix of weights, which may lie there the other way round."""
    weights = np.random.default_rng(1).normal(size=(INNER, COLUMNS)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "turned" if transposed else "w"], ["y"])]
    if transposed:
        weights = np.ascontiguousarray(weights.T)
        nodes.insert(0, helper.make_node("Transpose", ["w"], ["turned"], perm=[1, 0]))
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", size]) for name, size in (("x", INNER), ("y", COLUMNS))
    ]
    graph = helper.make_graph(nodes, "product", values[:1], values[1:], [numpy_helper.from_array(weights, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: onnx.ModelProto) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = np.random.default_rng(2).normal(size=(ROWS, INNER)).astype(np.float32)
    (result,) = session.run(None, {"x": rows})
    return np.asarray(result)


@pytest.mark.parametrize("transposed", [False, True])
def test_a_graph_says_nearly_the_same_in_8_bits_and_is_far_smaller(*, transposed: bool) -> None:
    exact = run(product(transposed=transposed))
    small = product(transposed=transposed)
    convert.shrink(small)
    onnx.checker.check_model(small)
    assert np.linalg.norm(run(small) - exact) / np.linalg.norm(exact) < 0.02
    assert not any(node.op_type in {"MatMul", "Transpose"} for node in small.graph.node)
    weights = sum(numpy_helper.to_array(tensor).nbytes for tensor in small.graph.initializer)
    assert weights < INNER * COLUMNS * 4 / 2.5
