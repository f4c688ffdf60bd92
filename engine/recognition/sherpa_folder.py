"""A folder with a streaming model as sherpa-onnx publishes it: what is in it, whether it can be read, the recogniser that it makes.

Nothing is fetched, and the folder is never changed.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import onnx

from engine.errors import ModelMissing
from engine.recognition import models
from engine.recognition.sherpa import Sherpa, Spelling

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING: Final = (
    "ENGINE_MODEL=sherpa:... needs sherpa-onnx, which is not installed: run `make sherpa`, or install minutes-bot[sherpa]."
)

_TOKENS: Final = "tokens.txt"
_PIECES: Final = "bpe.vocab"
_PARTS: Final = ("encoder", "decoder", "joiner")
_IN_8_BITS: Final = ("encoder", "joiner", "model")
"""Taken in 8 bits if they are there; a decoder is so small that it would only lose by it."""
_LONGEST_CHUNK: Final = 120
"""Frames of 10 ms that a model waits for where its metadata do not say how many."""
_TRIAL: Final = "import sys; from engine.recognition.sherpa_folder import try_out; try_out(*sys.argv[1:])"
_WHERE: Final = re.compile(r"^(?:\S+:\d+|[\w.]+Error:)\s+")
"""What stands before a reason: a line of sherpa-onnx's source, or the name of an error."""


def find(folder: str) -> Path:
    """The folder that a setting names."""
    return Path(folder).expanduser()


def load(folder: Path, language: str) -> Sherpa:
    """The recogniser in a folder, which is tried out in a process of its own first: sherpa-onnx ends its process over a model that it cannot read.

    Args:
        folder: with `tokens.txt` and the parts of a transducer or one CTC model.
        language: ISO 639 code of what the model reads.

    Raises:
        ModelMissing: sherpa-onnx is not installed, or the folder holds no model that it can read.
    """
    if importlib.util.find_spec("sherpa_onnx") is None:
        raise ModelMissing(MISSING)
    if not (folder / _TOKENS).is_file() or not _graphs(folder):
        raise ModelMissing(
            f"{folder} holds no streaming model of sherpa-onnx: put {_TOKENS} there, with encoder*.onnx, decoder*.onnx and joiner*.onnx "
            "or with one CTC model, or name another folder in ENGINE_MODEL."
        )
    tried = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        [sys.executable, "-c", _TRIAL, str(folder), language], capture_output=True, check=False
    )
    if tried.returncode != 0:
        said = tried.stderr.decode(errors="replace").strip().splitlines()
        reason = _WHERE.sub("", said[-1]) if said else f"it ends with {tried.returncode}"
        raise ModelMissing(
            f"{folder} holds no streaming model that sherpa-onnx can read ({reason}): put one there as it is published, "
            "or name another folder in ENGINE_MODEL."
        )
    return _recogniser(folder, language)


def try_out(folder: str, language: str) -> None:
    """Load a model and read five seconds of speech; raises whatever goes wrong, if the process is still there."""
    models.calibrate(_recogniser(Path(folder), language), 1)


def own(folder: Path) -> models.PreparedModel | None:
    """What `minutes models list` says of a folder, if there is a model in it."""
    if not (folder / _TOKENS).is_file():
        return None
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    return models.PreparedModel(folder, _name(folder), "as published", size)


def _name(folder: Path) -> str:
    return f"sherpa-onnx {folder.resolve().name}"


def _graphs(folder: Path) -> dict[str, Path]:
    """The graphs by their part, "model" for one of CTC; none if something is missing. Of several the first by its name."""
    graphs = {part: graph for part in _PARTS if (graph := _pick(folder, part, f"{part}*.onnx")) is not None}
    if graphs:
        return graphs if len(graphs) == len(_PARTS) else {}
    model = _pick(folder, "model", "*.onnx")
    return {} if model is None else {"model": model}


def _pick(folder: Path, part: str, pattern: str) -> Path | None:
    wished = part in _IN_8_BITS
    found = sorted(folder.glob(pattern), key=lambda file: ((".int8." in file.name) != wished, file.name))
    return next(iter(found), None)


def _recogniser(folder: Path, language: str) -> Sherpa:
    """The recogniser; one call takes one core. Raises what sherpa-onnx raises, or the process ends."""
    from sherpa_onnx import OnlineRecognizer  # noqa: PLC0415 - an extra

    graphs = _graphs(folder)
    told = _metadata(graphs.get("model") or graphs["encoder"])
    common = {"tokens": str(folder / _TOKENS), "num_threads": 1} | {part: str(graph) for part, graph in graphs.items()}
    biased = False
    if "model" not in graphs:
        biased = (folder / _PIECES).is_file()
        pieces = {"modeling_unit": "bpe", "bpe_vocab": str(folder / _PIECES)} if biased else {}
        model = OnlineRecognizer.from_transducer(
            **common, **pieces, decoding_method="modified_beam_search", temperature_scale=1.0
        )
    elif told.get("model_type") == "zipformer2":
        model = OnlineRecognizer.from_zipformer2_ctc(**common)
    elif told.get("model_type", "").startswith("EncDec"):  # NeMo's own names of its models
        model = OnlineRecognizer.from_nemo_ctc(**common)
    else:
        raise ValueError("it is neither a Zipformer nor one of NeMo, of which streaming CTC models are read here")
    spelling = Spelling(_tokens(folder / _TOKENS), language)
    frames = int(told.get("T") or told.get("window_size") or _LONGEST_CHUNK)
    return Sherpa(_name(folder), model, language, spelling, tail=(frames + 10) / 100, biased=biased)


def _metadata(graph: Path) -> dict[str, str]:
    """What a graph says of itself."""
    return {entry.key: entry.value for entry in onnx.load(str(graph), load_external_data=False).metadata_props}


def _tokens(file: Path) -> Iterator[str]:
    """The tokens of `tokens.txt`, each on a line with its number; U+2581 begins a word."""
    for line in file.read_text(encoding="utf-8").splitlines():
        yield line.rpartition(" ")[0].replace("\u2581", "")
