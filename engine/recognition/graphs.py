"""Moonshine's graphs on ONNX Runtime: an utterance encoded once, then one token at a time, for several texts at once.

Keys and values stay in ONNX Runtime's memory from step to step; only logits come out. Sessions are shared by all threads, a state is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import onnxruntime as ort

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Tensors = dict[str, ort.OrtValue]
"""A decoder's state: what its next step is fed with, by input name."""


class Graphs(Protocol):
    """An encoder and a decoder."""

    def begin(self, samples: NDArray[np.float32]) -> Tensors:
        """The state before the first token. `samples`: 16 kHz mono."""

    def step(self, state: Tensors, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Logits over the vocabulary for what follows each token, one a row of `state`; moves `state` on."""

    def choose(self, state: Tensors, rows: Sequence[int]) -> Tensors:
        """A state with these rows of `state`, which stays as it is; a row may be taken several times."""

    def rewind(self, state: Tensors, steps: int) -> Tensors:
        """A state as it was after the first `steps` steps; `state` stays as it is."""


class SplitGraphs:
    """`encoder.onnx` and `decoder.onnx` as `convert` makes them."""

    def __init__(self, folder: Path) -> None:
        self._encoder = session(folder / "encoder.onnx")
        self._decoder = session(folder / "decoder.onnx")
        self._cross = [output.name for output in self._encoder.get_outputs()]
        self._empty = _empty_past([i for i in self._decoder.get_inputs() if ".decoder." in i.name])
        self._wanted = ["logits", *(name.replace("past_key_values", "present") for name in self._empty)]

    def begin(self, samples: NDArray[np.float32]) -> Tensors:
        """The cross-attention's keys and values, and an empty past."""
        cross = self._encoder.run_with_ort_values(self._cross, {"input_values": _tensor(samples[None])})
        return {**self._empty, **{_past(name): value for name, value in zip(self._cross, cross, strict=True)}}

    def step(self, state: Tensors, tokens: Sequence[int]) -> NDArray[np.float32]:
        """One run of the decoder."""
        state["input_ids"] = _tensor(np.array(tokens, np.int64)[:, None])
        logits, *present = self._decoder.run_with_ort_values(self._wanted, state)
        state.update(zip(self._empty, present, strict=True))
        return _last(logits)

    def choose(self, state: Tensors, rows: Sequence[int]) -> Tensors:
        """Their keys and values; those of the cross-attention are the same for all."""
        return _choose(state, rows)

    def rewind(self, state: Tensors, steps: int) -> Tensors:
        """The first keys and values; later ones do not change them."""
        return _rewind(state, steps)


class MergedGraphs:
    """`encoder_model.ort` and `decoder_model_merged.ort` as published, with masks and a branch for the first token."""

    def __init__(self, folder: Path) -> None:
        self._encoder = session(folder / "encoder_model.ort")
        self._decoder = session(folder / "decoder_model_merged.ort")
        self._empty = _empty_past([i for i in self._decoder.get_inputs() if i.name.startswith("past_key_values")])
        self._names = [output.name for output in self._decoder.get_outputs()]
        self._growing = ["logits", *(name for name in self._names if ".decoder." in name)]

    def begin(self, samples: NDArray[np.float32]) -> Tensors:
        """The encoder's output; the first step makes keys and values of it."""
        mask = _tensor(np.ones((1, len(samples)), np.int64))
        (hidden,) = self._encoder.run_with_ort_values(
            ["last_hidden_state"], {"input_values": _tensor(samples[None]), "attention_mask": mask}
        )
        first = {"encoder_hidden_states": hidden, "encoder_attention_mask": mask, "use_cache_branch": _tensor(np.array([False]))}
        return {**self._empty, **first}

    def step(self, state: Tensors, tokens: Sequence[int]) -> NDArray[np.float32]:
        """One run of the decoder."""
        state["input_ids"] = _tensor(np.array(tokens, np.int64)[:, None])
        names = self._growing if bool(state["use_cache_branch"].numpy()[0]) else self._names
        logits, *present = self._decoder.run_with_ort_values(names, state)
        state.update((_past(name), value) for name, value in zip(names[1:], present, strict=True))
        if names is self._names:
            state["use_cache_branch"] = _tensor(np.array([True]))
        return _last(logits)

    def choose(self, state: Tensors, rows: Sequence[int]) -> Tensors:
        """Their keys and values; those of the cross-attention are the same for all."""
        return _choose(state, rows)

    def rewind(self, state: Tensors, steps: int) -> Tensors:
        """The first keys and values; one step at least, which is what makes those of the cross-attention."""
        return _rewind(state, steps)


def session(file: Path) -> ort.InferenceSession:
    """A session that keeps to the thread that calls it, so that utterances share the cores evenly."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


_HEADS_AXIS: Final = 1
_SIZE_AXIS: Final = 3


def _empty_past(inputs: list[ort.NodeArg]) -> Tensors:
    return {i.name: _tensor(np.zeros((1, i.shape[_HEADS_AXIS], 0, i.shape[_SIZE_AXIS]), np.float32)) for i in inputs}


def _choose(state: Tensors, rows: Sequence[int]) -> Tensors:
    past = {name: value.numpy() for name, value in state.items() if ".decoder." in name}
    if all(list(rows) == list(range(len(value))) for value in past.values()):
        return dict(state)
    return {**state, **{name: _tensor(value[list(rows)]) for name, value in past.items()}}


def _rewind(state: Tensors, steps: int) -> Tensors:
    past = {name: value.numpy()[:, :, :steps] for name, value in state.items() if ".decoder." in name}
    return {**state, **{name: _tensor(np.ascontiguousarray(value)) for name, value in past.items()}}


def _past(name: str) -> str:
    return name.replace("present", "past_key_values")


def _tensor(array: NDArray[np.float32] | NDArray[np.int64] | NDArray[np.bool_]) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy(array)


def _last(logits: ort.OrtValue) -> NDArray[np.float32]:
    values: NDArray[np.float32] = logits.numpy()[:, -1]
    return values
