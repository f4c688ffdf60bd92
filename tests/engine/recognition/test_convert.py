"""Published weights, and graphs that are drawn with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.recognition import models
from engine.recognition.drawing import FLOAT, Drawing, Precision, value
from engine.recognition.graphs import SplitGraphs
from engine.recognition.published import Matrix, Weights
from engine.recognition.tokens import BEGIN
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.recognition.graphs import Tensors

ROWS, INNER, COLUMNS = 40, 100, 48


def matrix() -> Matrix:
    values = np.random.default_rng(1).integers(-128, 128, (INNER, COLUMNS), np.int8)
    return Matrix(values, 0.02, -5)


def published(*, offset: float = 0.1, turned: bool = False) -> onnx.GraphProto:
    """A product with a matrix in 8 bits, as Moonshine's graphs have them."""
    kept = matrix()
    nodes = [
        helper.make_node("Cast", ["m_quantized"], ["m_cast"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["m_cast", "m_scale"], ["m_mul"]),
        helper.make_node("Add", ["m_mul", "m_offset"], ["m"]),
        helper.make_node("Transpose", ["m"], ["m_turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "m_turned" if turned else "m"], ["/layers.0/fc/MatMul_output_0"]),
        helper.make_node("Mul", ["/layers.0/fc/MatMul_output_0", "gain"], ["/layers.1/norm/Mul_output_0"]),
    ]
    weights: dict[str, NDArray[np.generic]] = {
        "m_quantized": kept.values,
        "m_scale": np.array([kept.scale], np.float32),
        "m_offset": np.array([offset], np.float32),
        "gain": np.arange(COLUMNS, dtype=np.float32),
    }
    return helper.make_graph(
        nodes, "published", [], [], [numpy_helper.from_array(array, name) for name, array in weights.items()]
    )


def test_weights_are_found_by_the_place_that_they_have_in_the_model() -> None:
    weights = Weights([published()])
    found = weights.matrix("/layers.0/fc/MatMul")
    assert (found.values == matrix().values).all()
    assert found.scale == pytest.approx(0.02)
    assert found.zero == -5
    assert weights.array("/layers.1/norm/Mul").tolist() == list(range(COLUMNS))
    assert weights.layers("/layers.") == 2
    assert Weights([published(turned=True)]).matrix("/layers.0/fc/MatMul").values.shape == (COLUMNS, INNER)
    with pytest.raises(KeyError):
        weights.matrix("/layers.1/norm/Mul")
    with pytest.raises(KeyError):
        weights.array("/layers.2/norm/Mul")


def test_a_matrix_that_is_not_kept_as_it_is_known_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="no whole zero point"):
        Weights([published(offset=0.109)]).matrix("/layers.0/fc/MatMul")


def run(precision: Precision, bias: NDArray[np.float32] | None, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    drawing = Drawing()
    drawing.product("x", matrix(), precision, bias, results=["y"])
    model = drawing.model("product", [value("x", FLOAT, ["rows", INNER])], [value("y", FLOAT, ["rows", COLUMNS])])
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result: NDArray[np.float32] = session.run(None, {"x": rows})[0]
    return result


@pytest.mark.parametrize(("precision", "error"), [(Precision.FLOATS, 1e-5), (Precision.BLOCKS, 0.01), (Precision.WHOLE, 0.02)])
@pytest.mark.parametrize("biased", [False, True])
def test_products_say_the_same_in_each_precision(precision: Precision, error: float, *, biased: bool) -> None:
    dice = np.random.default_rng(2)
    rows = dice.normal(size=(ROWS, INNER)).astype(np.float32)
    bias = dice.normal(size=COLUMNS).astype(np.float32) if biased else None
    exact = rows @ (0.02 * (matrix().values.astype(np.float32) + 5)) + (0 if bias is None else bias)
    found = run(precision, bias, rows)
    assert np.linalg.norm(found - exact) / np.linalg.norm(exact) < error


@pytest.mark.model
def test_texts_that_share_a_sound_are_decoded_together_as_they_are_alone() -> None:
    folder = models.find(EngineSettings())
    assert folder is not None
    graphs = SplitGraphs(folder)
    sound = np.random.default_rng(3).normal(size=16_000).astype(np.float32) * np.float32(0.05)
    texts = ((BEGIN, 300, 500), (BEGIN, 900, 700))

    def alone(tokens: tuple[int, ...]) -> NDArray[np.float32]:
        state: Tensors = graphs.begin(sound)
        row: NDArray[np.float32] = [graphs.step(state, [token])[0] for token in tokens][-1]
        return row

    state = graphs.choose(graphs.begin(sound), [0, 0])
    together = [graphs.step(state, list(tokens)) for tokens in zip(*texts, strict=True)][-1]
    for row, tokens in zip(together, texts, strict=True):
        assert np.abs(row - alone(tokens)).max() < 0.3, "rounding in 8 bits depends on what is rounded together"
