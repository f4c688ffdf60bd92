"""Streaming models of sherpa-onnx: the real library, on small models that the test makes (`tones.py`)."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

from audio.files import read_pcm
from engine.errors import BadRequest, ModelMissing
from engine.recognition import choice, models, sherpa_folder
from engine.recognition.pool import RecognitionPool
from engine.recognition.sherpa import Spelling
from engine.recognition.types import Final
from engine.settings import EngineSettings
from tests.engine.recognition import tones
from tests.engine.recognition.fakes import LoudnessDetector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine.recognition.sherpa import Sherpa

SENTENCE = tones.say("THE", "MEETING", "BEGINS")
SILENCE = np.zeros(tones.RATE, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transducer that takes a vocabulary."""
    made = tones.transducer(tmp_path_factory.mktemp("models") / "streaming-tones")
    tones.pieces(made)
    return made


@pytest.fixture(scope="module")
def recogniser(folder: Path) -> Sherpa:
    return sherpa_folder.load(folder, "en")


def settings(tmp_path: Path, model: str, second_look: str = "") -> EngineSettings:
    return EngineSettings(_env_file=None, DATA_DIR=tmp_path, ENGINE_MODEL=model, ENGINE_SECOND_LOOK=second_look)


def test_a_transducer_reads_an_utterance_and_says_how_sure_it_is(recogniser: Sherpa) -> None:
    said = recogniser.transcribe(SENTENCE)
    assert (said.text, said.language, said.tokens) == ("The meeting begins", "en", 0)
    fainter = recogniser.transcribe(tones.say("THE", "MEETING", "BEGINS", loud=0.1))
    assert fainter.text == said.text
    assert fainter.logprob < said.logprob - 0.1 < 0
    silent = recogniser.transcribe(SILENCE)
    assert (silent.text, silent.logprob) == ("", -math.inf)


@pytest.mark.parametrize("make", [tones.zipformer_ctc, tones.nemo_ctc])
def test_a_ctc_model_reads_and_tells_no_certainty(make: Callable[[Path], Path], tmp_path: Path) -> None:
    said = sherpa_folder.load(make(tmp_path / "ctc"), "en").transcribe(SENTENCE, vocabulary=["Queue"])
    assert said.text == "The meeting begins"
    assert math.exp(said.logprob) == pytest.approx(0.5)


def test_a_vocabulary_tips_what_is_nearly_as_likely(recogniser: Sherpa, capfd: pytest.CaptureFixture[str]) -> None:
    sound = tones.say("THE", "CUBE")
    assert recogniser.transcribe(sound).text == "The cube"
    assert recogniser.transcribe(sound, vocabulary=["QuEUE"]).text == "The QuEUE"
    assert (
        recogniser.transcribe(sound, vocabulary=["Zo\u00eb", "#1", "@queue", ":x", " ", "the/queue", "queue"]).text == "The queue"
    )
    assert recogniser.transcribe(tones.say("THE", "MEETING"), vocabulary=["queue"]).text == "The meeting"
    assert capfd.readouterr().err == "", "what it cannot write is not complained of"


def test_without_its_pieces_a_transducer_takes_no_vocabulary_but_spells_it(tmp_path: Path) -> None:
    bare = sherpa_folder.load(tones.transducer(tmp_path / "bare"), "en")
    assert bare.transcribe(tones.say("THE", "CUBE"), vocabulary=["queue", "CuBe"]).text == "The CuBe"


def test_threads_share_it(recogniser: Sherpa) -> None:
    sounds = [tones.say("THE", word) for word in ("MEETING", "BEGINS", "I", "CUBE")] * 8
    with ThreadPoolExecutor(4) as threads:
        said = [transcript.text for transcript in threads.map(recogniser.transcribe, sounds)]
    assert said == ["The meeting", "The begins", "The I", "The cube"] * 8


@pytest.mark.parametrize(
    ("tokens", "language", "said", "written"),
    [
        (["THE", "\u2581I", "'M", "<unk>"], "en", " I'M IN THE KUBERNETES CAFE", "I'm in the Kubernetes cafe"),
        (["the", "<UNK>"], "en", "what i say", "What I say"),
        (["ICH", "<blk>"], "de", "WAS I SAGT", "Was i sagt"),
        (["The", "the"], "en", "So the iPhone KUBERNETES.", "So the iPhone KUBERNETES."),
        (["\u4f60", "\u597d"], "zh", "\u4f60\u597d", "\u4f60\u597d"),
    ],
)
def test_texts_of_one_case_are_written_as_people_do(tokens: list[str], language: str, said: str, written: str) -> None:
    assert Spelling(tokens, language).text(said, ["Kubernetes", "C:\\d"]) == written


def test_hotwords_are_what_the_model_can_write() -> None:
    asked = ["Ana Ba", " ", "#Ana", ":Ana", "an/a", "Zo\u00eb", "b@n"]
    assert Spelling(["<blk>", "AN", "B/", "#:@"], "en").hotwords(asked) == "ANA BA"
    assert Spelling(["an", "b"], "en").hotwords(asked) == "ana ba"
    assert Spelling(["An", "Ba"], "en").hotwords(asked) == "Ana Ba"
    assert Spelling(["An", "Ba"], "en").hotwords(["Zo\u00eb"]) is None


async def test_the_engine_hears_with_it_in_the_language_that_is_named(folder: Path, tmp_path: Path) -> None:
    own = settings(tmp_path, f"sherpa:de:{folder}")
    pool = RecognitionPool(choice.load(own, own.model), room=2, detectors=LoudnessDetector)
    with pytest.raises(BadRequest, match="it knows de"):
        pool.open(language="en-US")
    stream = pool.open(language="de-AT")
    stream.feed((np.concatenate([SENTENCE, SILENCE, SILENCE]) * 32_767).astype("<i2").tobytes())
    await stream.finish()
    finals = [result for result in [one async for one in stream.results()] if isinstance(result, Final)]
    assert [(final.text, final.language) for final in finals] == [("The meeting begins", "de")]
    assert finals[0].confidence > 0.8
    await pool.close()


@pytest.mark.model
async def test_moonshine_and_it_hear_in_one_engine_each_its_language(folder: Path) -> None:
    pool = RecognitionPool(choice.load(EngineSettings(), f"moonshine, sherpa:de:{folder}"), room=2)
    assert pool.recogniser.transcribe(SENTENCE, language="de").text == "The meeting begins"
    stream = pool.open(language="en-US")
    stream.feed(read_pcm(models.CLIP).tobytes())
    await stream.finish()
    finals = [result.text for result in [one async for one in stream.results()] if isinstance(result, Final)]
    assert "block books" in " ".join(finals)
    await pool.close()


def test_it_is_listed_with_the_prepared_models_and_never_removed(folder: Path, tmp_path: Path) -> None:
    own = settings(tmp_path, f"moonshine, sherpa:{folder}", f"sherpa:de:{folder}")
    [listed] = choice.list_models(own)
    assert (listed.name, listed.folder, listed.precision) == ("sherpa-onnx streaming-tones", folder, "as published")
    assert listed.size > 1_000
    assert choice.remove_models(own) == []
    assert folder.exists()
    assert choice.list_models(settings(tmp_path, f"sherpa:{tmp_path}")) == []


def test_8_bits_are_taken_where_they_are_but_for_the_decoder(tmp_path: Path) -> None:
    folder = tones.transducer(tmp_path / "both")
    for part in ("encoder", "joiner"):
        file = folder / f"{part}-epoch-99-avg-1.onnx"
        file.rename(folder / f"{part}-epoch-99-avg-1.int8.onnx")
        file.write_bytes(b"would not load")
    (folder / "decoder-epoch-99-avg-1.int8.onnx").write_bytes(b"would not load")
    assert sherpa_folder.load(folder, "en").transcribe(SENTENCE).text == "The meeting begins"


def garbage(folder: Path) -> None:
    (tones.zipformer_ctc(folder) / "model.onnx").write_bytes(b"not a model")


def no_metadata(folder: Path) -> None:
    tones.zipformer_ctc(folder, encoder_dims="")


def no_blank(folder: Path) -> None:
    tokens = tones.zipformer_ctc(folder) / "tokens.txt"
    tokens.write_text(tokens.read_text(encoding="utf-8").replace("<blk>", "<pad>"), encoding="utf-8")


def another_kind(folder: Path) -> None:
    tones.zipformer_ctc(folder, model_type="wenet_ctc")


def unknown_transducer(folder: Path) -> None:
    tones.transducer(folder, model_type="tdnn")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (garbage, "Error parsing message"),
        (no_metadata, "'encoder_dims' does not exist in the metadata"),
        (no_blank, "tokens.txt contains the symbol"),
        (another_kind, "neither a Zipformer nor one of NeMo"),
        (unknown_transducer, "Unknown model type"),
    ],
)
def test_what_it_cannot_read_is_one_sentence_though_the_library_ends_its_process(
    spoil: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    spoil(tmp_path / "spoilt")
    with pytest.raises(
        ModelMissing, match=rf"spoilt holds no streaming model that sherpa-onnx can read \(.*{reason}.*\): put one"
    ):
        sherpa_folder.load(tmp_path / "spoilt", "en")


@pytest.mark.parametrize("missing", ["tokens.txt", "joiner-epoch-99-avg-1.onnx", ""])
def test_a_folder_without_a_model_is_named(missing: str, tmp_path: Path) -> None:
    folder = tmp_path / "some"
    if missing:
        (tones.transducer(folder) / missing).unlink()
    own = settings(tmp_path, f"sherpa:{folder}")
    with pytest.raises(ModelMissing, match=r"some holds no streaming model of sherpa-onnx: put tokens.txt there, with encoder"):
        choice.prepare_all(own, Console(quiet=True))


def test_without_the_extra_one_sentence_says_how_to_get_it(folder: Path, tmp_path: Path) -> None:
    program = "import sys; sys.modules['sherpa_onnx'] = None; from engine.__main__ import app; app(['models', 'prepare'])"
    variables = os.environ | {"DATA_DIR": str(tmp_path), "ENGINE_MODEL": f"sherpa:{folder}"}
    ran = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (2, f"{sherpa_folder.MISSING}\n")
