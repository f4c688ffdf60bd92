"""Moonshine's published graphs into graphs that decode fast. Run once, at set-up; needs the onnx package, which decoding does not.

The published graphs unpack and transpose the whole model for each token, and are made of hundreds of small nodes a layer, which take longer
than the products between them. The same model is drawn here with few nodes, its weights exactly as they are published:

    encoder.onnx   samples -> keys and values of the cross-attention of each decoder layer (computed once an utterance)
    decoder.onnx   tokens, those keys and values, and the keys and values so far -> logits, and the new keys and values
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from engine.recognition.drawing import FLOAT, INT64, Drawing, Precision, value
from engine.recognition.published import Matrix, Weights, branch

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

_HEADS: Final = 8
_LONGEST_SOUND: Final = 2_048
"""Positions of the encoder: 49 seconds."""
_LONGEST_TEXT: Final = 1_024
"""Positions of the decoder."""
_STEM: Final = "/Transpose_output_0"
"""What the convolutions before the encoder's layers come to."""
_DECODER: Final = "/model/decoder"


def encoder(published: onnx.ModelProto, decoder_published: onnx.ModelProto, *, small: bool) -> onnx.ModelProto:
    """The encoder with the cross-attention's keys and values, which the published decoder makes at its first token.

    `small`: the products that bear it in 8 bits, with one scale for all that comes in. Those of queries, keys, values and of the first half
    of the feed-forward do not: their input has few large numbers among many small ones, and unclear speech then costs words.
    """
    weights = Weights([published.graph])
    cross = Weights([decoder_published.graph, branch(decoder_published, "else_branch")])
    rough = Precision.WHOLE if small else Precision.FLOATS
    drawing = Drawing()
    _copy_stem(published.graph, weights, drawing)
    frequencies = weights.array("/rotary_emb/MatMul").ravel()
    caches = _caches(drawing, frequencies, _LONGEST_SOUND)
    position = drawing.weight([0])
    layers = weights.layers("/layers.")
    size = weights.array("last_hidden_state").size
    normal, rest = drawing.norm(_STEM, weights.array("/layers.0/input_layernorm/Mul")), _STEM
    for layer in range(layers):
        name = f"/layers.{layer}"
        joint = _joint(weights, f"{name}/self_attn")
        parts = drawing.split(drawing.node("MatMul", [normal, drawing.weight(joint)]), [size] * 3)
        turned = [drawing.rotated(part, position, caches, _HEADS, 2 * len(frequencies)) for part in parts[:2]]
        heard = drawing.node("MultiHeadAttention", [*turned, parts[2]], own=True, num_heads=_HEADS)
        rest = drawing.node("Add", [rest, drawing.product(heard, weights.matrix(f"{name}/self_attn/dense/MatMul"), rough)])
        normal = drawing.norm(rest, weights.array(f"{name}/post_attention_layernorm/Mul"))
        wide = drawing.product(normal, weights.matrix(f"{name}/mlp/fc1/MatMul"), Precision.FLOATS)
        wide = drawing.node("BiasGelu", [wide, drawing.weight(weights.array(f"{name}/mlp/fc1/Add"))], own=True)
        narrow = drawing.product(wide, weights.matrix(f"{name}/mlp/fc2/MatMul"), rough, weights.array(f"{name}/mlp/fc2/Add"))
        rest = drawing.node("Add", [rest, narrow])
        following = f"/layers.{layer + 1}/input_layernorm/Mul" if layer + 1 < layers else "last_hidden_state"
        normal = drawing.norm(rest, weights.array(following))
    outputs = []
    width = size // _HEADS
    shape = drawing.weight([0, 0, _HEADS, width])
    for layer in range(cross.layers(f"{_DECODER}/layers.")):
        for letter, kind in (("k", "key"), ("v", "value")):
            projection = cross.matrix(f"{_DECODER}/layers.{layer}/encoder_attn/{letter}_proj/MatMul")
            made = drawing.node("Reshape", [drawing.product(normal, projection, rough), shape])
            result = f"present.{layer}.encoder.{kind}"
            drawing.node("Transpose", [made], results=[result], perm=[0, 2, 1, 3])
            outputs.append(value(result, FLOAT, [1, _HEADS, "frames", width]))
    return drawing.model("encoder", [value("input_values", FLOAT, [1, "samples"])], outputs)


def decoder(published: onnx.ModelProto, *, small: bool) -> onnx.ModelProto:
    """One step of the decoder, for several tokens of several texts; each text attends to the same sound.

    `small`: products in 8 bits, those of logits with one scale for all that comes in, the others with one for each 32 numbers.
    """
    weights = Weights([published.graph, branch(published, "then_branch")])
    close, rough = (Precision.BLOCKS, Precision.WHOLE) if small else (Precision.FLOATS, Precision.FLOATS)
    drawing = Drawing()
    words = weights.matrix(f"{_DECODER}/embed_tokens/Gather")
    many, size = words.values.shape
    width = size // _HEADS
    frequencies = weights.array(f"{_DECODER}/rotary_emb/MatMul").ravel()
    caches = _caches(drawing, frequencies, _LONGEST_TEXT)
    inputs = [value("input_ids", INT64, ["texts", "tokens"])]
    outputs = [value("logits", FLOAT, ["texts", "tokens", many])]
    rest = _embedded(drawing, words)
    past = drawing.node("Shape", ["past_key_values.0.decoder.key"])
    position = drawing.node("Gather", [past, drawing.weight([2])])
    together, apart = drawing.weight([1, -1, size]), drawing.node("Shape", [rest])
    layers = weights.layers(f"{_DECODER}/layers.")
    normal = drawing.norm(rest, weights.array(f"{_DECODER}/layers.0/input_layernorm/Mul"))
    for layer in range(layers):
        name = f"{_DECODER}/layers.{layer}"
        parts = [drawing.product(normal, weights.matrix(f"{name}/self_attn/{letter}_proj/MatMul"), close) for letter in "qkv"]
        turned = [drawing.rotated(part, position, caches, _HEADS, 2 * len(frequencies)) for part in parts[:2]]
        kept = [f"past_key_values.{layer}.decoder.{kind}" for kind in ("key", "value")]
        new = [f"present.{layer}.decoder.{kind}" for kind in ("key", "value")]
        said = drawing.node(
            "MultiHeadAttention",
            [*turned, parts[2], "", "", "", *kept],
            results=[f"said_{layer}", *new],
            own=True,
            num_heads=_HEADS,
            unidirectional=1,
        )
        rest = drawing.node("Add", [rest, drawing.product(said, weights.matrix(f"{name}/self_attn/dense/MatMul"), close)])
        normal = drawing.norm(rest, weights.array(f"{name}/post_attention_layernorm/Mul"))
        asked = drawing.product(normal, weights.matrix(f"{name}/encoder_attn/q_proj/MatMul"), close)
        sound = [f"past_key_values.{layer}.encoder.{kind}" for kind in ("key", "value")]
        asked = drawing.node("Reshape", [asked, together])  # all texts as one: there is one sound for all
        heard = drawing.node("MultiHeadAttention", [asked, *sound], own=True, num_heads=_HEADS)
        heard = drawing.node("Reshape", [heard, apart])
        rest = drawing.node("Add", [rest, drawing.product(heard, weights.matrix(f"{name}/encoder_attn/dense/MatMul"), close)])
        normal = drawing.norm(rest, weights.array(f"{name}/final_layernorm/Mul"))
        rest = drawing.node("Add", [rest, _feed_forward(drawing, weights, f"{name}/mlp", normal, close)])
        following = f"layers.{layer + 1}/input_layernorm" if layer + 1 < layers else "norm"
        normal = drawing.norm(rest, weights.array(f"{_DECODER}/{following}/Mul"))
        inputs += [value(kind, FLOAT, ["texts", _HEADS, "past", width]) for kind in kept]
        inputs += [value(kind, FLOAT, [1, _HEADS, "frames", width]) for kind in sound]
        outputs += [value(kind, FLOAT, ["texts", _HEADS, "all", width]) for kind in new]
    drawing.product(normal, words.turned, rough, results=["logits"])
    return drawing.model("decoder", inputs, outputs)


def _copy_stem(graph: onnx.GraphProto, weights: Weights, drawing: Drawing) -> None:
    """The convolutions before the encoder's layers, as they are published, weights in 32 bits."""
    wanted = {_STEM}
    stem: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            stem.insert(0, node)
            wanted.update(name for name in node.input if weights.named(name) is None)
    for node in stem:
        constants = [weights.named(name) for name in node.input]
        names = [
            name if constant is None else drawing.weight(constant) for name, constant in zip(node.input, constants, strict=True)
        ]
        drawing.copy(node, names)


def _joint(weights: Weights, name: str) -> NDArray[np.float32]:
    """The matrices of queries, keys and values side by side."""
    return np.concatenate([weights.matrix(f"{name}/{letter}_proj/MatMul").floats for letter in "qkv"], axis=1)


def _caches(drawing: Drawing, frequencies: NDArray[np.float32], positions: int) -> tuple[str, str]:
    """Cosines and sines of each position."""
    angles = np.arange(positions, dtype=np.float32)[:, None] * frequencies
    return drawing.weight(np.cos(angles)), drawing.weight(np.sin(angles))


def _embedded(drawing: Drawing, words: Matrix) -> str:
    """The tokens' own vectors, kept in 8 bits."""
    rows = drawing.node("Gather", [drawing.weight(words.values), "input_ids"])
    scale, zero = (drawing.weight(array) for array in (np.array(words.scale, np.float32), np.array(words.zero, np.int8)))
    return drawing.node("DequantizeLinear", [rows, scale, zero])


def _feed_forward(drawing: Drawing, weights: Weights, name: str, normal: str, precision: Precision) -> str:
    """The gated half of a decoder layer (SwiGLU, https://arxiv.org/abs/2002.05202)."""
    wide = drawing.product(normal, weights.matrix(f"{name}/up_proj/MatMul"), precision, weights.array(f"{name}/up_proj/Add"))
    down = weights.matrix(f"{name}/down_proj/MatMul")
    inner, gate = drawing.split(wide, [down.values.shape[0]] * 2)
    open_ = drawing.node("QuickGelu", [gate], own=True, alpha=1.0)  # with alpha 1 it is x * sigmoid(x)
    return drawing.product(drawing.node("Mul", [open_, inner]), down, precision, weights.array(f"{name}/down_proj/Add"))
