"""Moonshine's published graphs into graphs that decode fast. Run once, at set-up; needs the onnx package, which decoding does not.

The published `.ort` files keep 8-bit weights behind Cast/Mul/Add nodes that ONNX Runtime does not fold, and the decoder is one `If` whose
branches it does not optimise: each token then unpacks and transposes the whole model. Out come two plain graphs:

    encoder.onnx   samples -> keys and values of the cross-attention of each decoder layer (computed once an utterance)
    decoder.onnx   one token, those keys and values, and the keys and values so far -> logits, and the new keys and values
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
import onnxruntime as ort
from onnx import compose, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_FOLDED: Final = frozenset({"Cast", "Mul", "Add"})
_BLOCK: Final = 32
"""Weights that share one scale; ONNX Runtime's 8-bit kernels take 16, 32, 64, 128 or 256."""


def from_ort(source: Path, target: Path) -> onnx.ModelProto:
    """A `.ort` file as an ONNX model, its weights folded to 32-bit floats. `target` is scratch."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    options.log_severity_level = 3
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    model = onnx.load(str(target))
    _fold(model.graph)
    standard = [entry for entry in model.opset_import if not entry.domain]
    del model.opset_import[:]
    model.opset_import.extend(standard)
    return model


def split(encoder: onnx.ModelProto, decoder: onnx.ModelProto) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """(encoder with the cross-attention's keys and values as its outputs, decoder of one step) from the published pair."""
    choice = next(node for node in decoder.graph.node if node.op_type == "If")
    branches = {attribute.name: attribute.g for attribute in choice.attribute}
    following, first = branches["then_branch"], branches["else_branch"]  # the condition is `use_cache_branch`
    step = _lift(decoder, following, "decoder", [output for output in following.output if ".encoder." not in output.name])
    _declare_sizes(step)
    _fix_batch_size(first, decoder.graph)
    cross = _lift(decoder, first, "cross", [output for output in first.output if ".encoder." in output.name])
    encoder.graph.name = "encoder"
    whole = compose.merge_models(
        encoder, cross, io_map=[("last_hidden_state", "encoder_hidden_states")], prefix1="encoder/", prefix2="cross/"
    )
    _rename(whole.graph, {name: name.removeprefix("encoder/").removeprefix("cross/") for name in _boundary(whole.graph)})
    return whole, step


def shrink(model: onnx.ModelProto) -> None:
    """Put the matrices of a graph into 8 bits, one scale for 32 weights (the operator MatMulNBits)."""
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    transposed = {
        node.output[0]: node.input[0] for node in graph.node if node.op_type == "Transpose" and node.input[0] in weights
    }
    packed: set[str] = set()
    for node in graph.node:
        name = node.input[1] if node.op_type == "MatMul" else ""
        if name in weights:
            matrix = numpy_helper.to_array(weights[name])
        elif name in transposed:
            matrix = numpy_helper.to_array(weights[transposed[name]]).T
        else:
            continue
        if name not in packed:
            packed.add(name)
            bytes_, scales = _pack(matrix)
            graph.initializer.extend(
                [numpy_helper.from_array(bytes_, f"{name}_weights"), numpy_helper.from_array(scales, f"{name}_scales")]
            )
        node.op_type, node.domain = "MatMulNBits", "com.microsoft"
        node.input[1:] = [f"{name}_weights", f"{name}_scales"]
        sizes = {"K": matrix.shape[0], "N": matrix.shape[1], "bits": 8, "block_size": _BLOCK, "accuracy_level": 4}
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sizes.items())
    for node in [node for node in graph.node if node.op_type == "Transpose" and node.output[0] in packed]:
        graph.node.remove(node)
    _prune(graph)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _pack(matrix: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(K, N) weights as (N, K / 32, 32) bytes around 128, and one scale a block."""
    rows, columns = matrix.shape
    blocks = -(-rows // _BLOCK)
    padded = np.zeros((blocks * _BLOCK, columns), np.float32)
    padded[:rows] = matrix
    grouped = padded.T.reshape(columns, blocks, _BLOCK)
    scales = np.abs(grouped).max(axis=-1) / 127
    scales[scales == 0] = 1
    return (np.rint(grouped / scales[..., None]) + 128).astype(np.uint8), scales.astype(np.float32)


def _fold(graph: onnx.GraphProto) -> None:
    """Compute what depends on weights alone, and drop what nothing uses afterwards."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    recipes: dict[str, onnx.NodeProto] = {}
    for node in graph.node:
        if node.op_type in _FOLDED and node.input and all(name in weights or name in recipes for name in node.input):
            recipes[node.output[0]] = node
    for node in recipes.values():
        graph.node.remove(node)
    for name in sorted(set(_used(graph)).intersection(recipes)):  # one at a time: what lies between takes much room
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(_compute(name, recipes, weights)), name))
    _prune(graph)


def _compute(name: str, recipes: dict[str, onnx.NodeProto], weights: dict[str, onnx.TensorProto]) -> NDArray[np.float32]:
    """The value of a name that depends on weights alone."""
    if name in weights:
        array: NDArray[np.float32] = numpy_helper.to_array(weights[name])
        return array
    node = recipes[name]
    first, *rest = (_compute(source, recipes, weights) for source in node.input)
    if node.op_type == "Cast":
        return first.astype(helper.tensor_dtype_to_np_dtype(node.attribute[0].i))
    return first * rest[0] if node.op_type == "Mul" else first + rest[0]


def _lift(model: onnx.ModelProto, branch: onnx.GraphProto, name: str, outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
    """The part of a branch of `model` that leads to `outputs`, as a model of its own."""
    needed = {output.name for output in outputs}
    nodes: list[onnx.NodeProto] = []
    for node in reversed(branch.node):
        if needed.intersection(node.output):
            nodes.insert(0, node)
            needed.update(node.input)
    inputs = [value for value in model.graph.input if value.name in needed]
    weights = [tensor for tensor in [*model.graph.initializer, *branch.initializer] if tensor.name in needed]
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)


def _declare_sizes(step: onnx.ModelProto) -> None:
    """Say that the decoder gets one token of each text: ONNX Runtime then computes many of its nodes once, when it loads the graph."""
    tokens = next(value for value in step.graph.input if value.name == "input_ids")
    tokens.type.tensor_type.shape.dim[1].dim_value = 1


def _fix_batch_size(branch: onnx.GraphProto, outer: onnx.GraphProto) -> None:
    """Write 1 where the branch reads the batch size off the decoder's own state, which the cross-attention's keys and values do not need."""
    scalars = [tensor for tensor in [*outer.initializer, *branch.initializer] if not tensor.dims]
    zeros = {tensor.name for tensor in scalars if not np.any(numpy_helper.to_array(tensor))}
    shapes = {node.output[0] for node in branch.node if node.op_type == "Shape"}
    for node in list(branch.node):
        if node.op_type == "Gather" and node.input[0] in shapes and node.input[1] in zeros:
            branch.initializer.append(numpy_helper.from_array(np.array(1, np.int64), node.output[0]))
            branch.node.remove(node)


def _prune(graph: onnx.GraphProto) -> None:
    """Drop weights that no node and no output uses, in this graph or a branch of it."""
    used = set(_used(graph))
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)


def _used(graph: onnx.GraphProto) -> Iterable[str]:
    yield from (output.name for output in graph.output)
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _used(attribute.g)


def _boundary(graph: onnx.GraphProto) -> list[str]:
    return [value.name for value in [*graph.input, *graph.output]]


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(value, value) for value in values]
    for value in [*graph.input, *graph.output]:
        value.name = names.get(value.name, value.name)
