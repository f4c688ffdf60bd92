"""Small streaming models for sherpa-onnx whose tokens are tones: what they say is a function of the sound.

Each token has a frequency; its logit is the loudness of that frequency's mel band, that of the blank is a fixed loudness. The graphs have the
inputs, outputs and metadata of the models that sherpa-onnx publishes, read 8 frames of 10 ms at a time, and give every fourth of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 16_000
BANDS, LOWEST, HIGHEST = 80, 20.0, 7_600.0
FRAMES, EVERY = 8, 4

WORDS: Mapping[str, float] = {
    "THE": 500.0,
    "MEETING": 1_000.0,
    "BEGINS": 1_800.0,
    "I": 3_000.0,
    "CUBE": 5_000.0,
    "QUEUE": 5_000.0,
}
"""Tones in Hz. The last two sound alike, the first of them a little likelier."""
LESS_LIKELY = {"QUEUE": -1.0}
"""By how much, as a logarithm."""

_BEGINS = "\u2581"
"""What a token begins with that begins a word."""
_INT64 = TensorProto.INT64


def say(*words: str, loud: float = 0.3) -> NDArray[np.float32]:
    """The sound of some words: 0.3 s each, silence around it."""
    time, quiet = np.arange(round(0.3 * RATE)) / RATE, np.zeros(RATE // 10)
    spoken = [part for word in words for part in (loud * np.hanning(len(time)) * np.sin(2 * np.pi * WORDS[word] * time), quiet)]
    return np.concatenate([quiet, *spoken]).astype(np.float32)


def transducer(folder: Path, **wrong: str) -> Path:
    """A transducer, its parts named as they are published; `wrong` replaces metadata of the encoder."""
    tokens = _write_tokens(folder)
    size = len(tokens)
    state: tuple[int | str, ...] = (1, "N", 1)
    _save(
        folder / "encoder-epoch-99-avg-1.onnx",
        [*_logits("encoder_out"), _node("Identity", "h", to="next_h"), _node("Identity", "c", to="next_c")],
        [_value("x", "N", FRAMES, BANDS), _value("h", *state), _value("c", *state)],
        [_value("encoder_out", "N", FRAMES // EVERY, size), _value("next_h", *state), _value("next_c", *state)],
        _hearing(tokens),
        {
            "model_type": "lstm",
            "num_encoder_layers": 1,
            "T": FRAMES,
            "decode_chunk_len": FRAMES,
            "rnn_hidden_size": 1,
            "d_model": 1,
        }
        | wrong,
    )
    table = np.zeros((size, size), np.float32)
    for last in WORDS:
        for word in WORDS:
            if WORDS[word] == WORDS[last]:  # a tone is one word, however long it is
                table[tokens[last], tokens[word]] = -1e3
    _save(
        folder / "decoder-epoch-99-avg-1.onnx",
        [
            _node("Slice", "y", "last", "end", "axis", to="newest"),
            _node("Squeeze", "newest", "axis", to="token"),
            _node("Gather", "table", "token", to="decoder_out"),
        ],
        [_value("y", "N", 2, kind=_INT64)],
        [_value("decoder_out", "N", size)],
        {"table": table, "last": np.array([-1]), "end": np.array([9]), "axis": np.array([1])},
        {"vocab_size": size, "context_size": 2},
    )
    _save(
        folder / "joiner-epoch-99-avg-1.onnx",
        [_node("Add", "encoder_out", "decoder_out", to="logit")],
        [_value("encoder_out", "N", size), _value("decoder_out", "N", size)],
        [_value("logit", "N", size)],
        {},
        {"joiner_dim": size},
    )
    return folder


def zipformer_ctc(folder: Path, **wrong: str) -> Path:
    """A streaming Zipformer with CTC; `wrong` replaces its metadata."""
    tokens = _write_tokens(folder)
    states = {
        "embed_states": _value("embed_states", "N", 128, 3, 19),
        "processed_lens": _value("processed_lens", "N", kind=_INT64),
    }
    dims = ["encoder_dims", "query_head_dims", "value_head_dims", "num_heads", "cnn_module_kernels", "left_context_len"]
    _save(
        folder / "model.onnx",
        [
            *_logits("logits"),
            _node("LogSoftmax", "logits", to="log_probs"),
            _node("Identity", "embed_states", to="new_embed_states"),
            _node("Identity", "processed_lens", to="new_processed_lens"),
        ],
        [_value("x", "N", FRAMES, BANDS), *states.values()],
        [
            _value("log_probs", "N", FRAMES // EVERY, len(tokens)),
            _value("new_embed_states", "N", 128, 3, 19),
            _value("new_processed_lens", "N", kind=_INT64),
        ],
        _hearing(tokens),
        {"model_type": "zipformer2", "T": FRAMES, "decode_chunk_len": FRAMES}
        | dict.fromkeys(dims, 4)
        | {"num_encoder_layers": 0}
        | wrong,
    )
    return folder


def nemo_ctc(folder: Path) -> Path:
    """A streaming model of NeMo with CTC: its bands come first, are less loud and on another scale, and the blank is the last token."""
    tokens = _write_tokens(folder, blank_last=True)
    caches = [_value("cache_last_channel", "N", 1, 1, 1), _value("cache_last_time", "N", 1, 1, 1)]
    _save(
        folder / "model.onnx",
        [
            _node("Transpose", "audio_signal", to="x", perm=[0, 2, 1]),
            *_logits("logits"),
            _node("LogSoftmax", "logits", to="logprobs"),
            _node("Identity", "length", to="encoded_lengths"),
            *(
                _node("Identity", name, to=f"{name}_next")
                for name in ("cache_last_channel", "cache_last_time", "cache_last_channel_len")
            ),
        ],
        [
            _value("audio_signal", "N", BANDS, FRAMES),
            _value("length", "N", kind=_INT64),
            *caches,
            _value("cache_last_channel_len", "N", kind=_INT64),
        ],
        [
            _value("logprobs", "N", FRAMES // EVERY, len(tokens)),
            _value("encoded_lengths", "N", kind=_INT64),
            _value("cache_last_channel_next", "N", 1, 1, 1),
            _value("cache_last_time_next", "N", 1, 1, 1),
            _value("cache_last_channel_len_next", "N", kind=_INT64),
        ],
        _hearing(tokens, _slaney, quietest=-7.0),
        {"model_type": "EncDecHybridRNNTCTCBPEModel", "window_size": FRAMES, "chunk_shift": FRAMES, "subsampling_factor": EVERY}
        | {"vocab_size": len(tokens) - 1}
        | {f"cache_last_{kind}_dim{number}": 1 for kind in ("channel", "time") for number in (1, 2, 3)},
    )
    return folder


def pieces(folder: Path) -> None:
    """The file from which sherpa-onnx knows how words are put together from tokens."""
    lines = (folder / "tokens.txt").read_text(encoding="utf-8").splitlines()
    (folder / "bpe.vocab").write_text(
        "".join(f"{line.split()[0]}\t-{number}\n" for number, line in enumerate(lines)), encoding="utf-8"
    )


def _htk(hertz: float) -> float:
    """The mel scale of most models."""
    return float(np.log(1 + hertz / 700))


def _slaney(hertz: float) -> float:
    """That of NeMo's."""
    return hertz / 1_000 if hertz < 1_000 else 1 + 1.8 * float(np.log(hertz / 1_000) / np.log(6.4))


def _write_tokens(folder: Path, *, blank_last: bool = False) -> dict[str, int]:
    """`tokens.txt`; returns the number of each word and of the blank."""
    folder.mkdir(exist_ok=True)
    tokens = [*WORDS, "<blk>"] if blank_last else ["<blk>", "<unk>", *WORDS]
    lines = (f"{_BEGINS if token in WORDS else ''}{token} {number}\n" for number, token in enumerate(tokens))
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")
    return {token: number for number, token in enumerate(tokens)}


def _hearing(
    tokens: Mapping[str, int], mel: Callable[[float], float] = _htk, quietest: float = 0.0
) -> dict[str, NDArray[np.generic]]:
    """The constants that pick the band of each word and make the others improbable.

    Args:
        tokens: the number of each.
        mel: the scale of the bands.
        quietest: the loudness of a band, as a logarithm, up to which the blank is likelier.
    """
    picks = np.zeros((BANDS, len(tokens)), np.float32)
    bias = np.full(len(tokens), -1e4, np.float32)
    for word, tone in WORDS.items():
        picks[round((mel(tone) - mel(LOWEST)) / (mel(HIGHEST) - mel(LOWEST)) * (BANDS + 1)) - 1, tokens[word]] = 1
        bias[tokens[word]] = LESS_LIKELY.get(word, 0)
    bias[tokens["<blk>"]] = quietest
    return {
        "picks": picks,
        "bias": bias,
        "zero": np.array([0]),
        "far": np.array([FRAMES]),
        "time": np.array([1]),
        "every": np.array([EVERY]),
    }


def _logits(name: str) -> list[onnx.NodeProto]:
    return [
        _node("Slice", "x", "zero", "far", "time", "every", to="some"),
        _node("MatMul", "some", "picks", to="heard"),
        _node("Add", "heard", "bias", to=name),
    ]


def _node(operation: str, *inputs: str, to: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operation, list(inputs), [to], **attributes)


def _value(name: str, *shape: int | str, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def _save(
    file: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    constants: Mapping[str, NDArray[np.generic]],
    metadata: Mapping[str, object],
) -> None:
    held = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tones", inputs, outputs, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {name: str(value) for name, value in metadata.items()})
    onnx.save(model, str(file))
