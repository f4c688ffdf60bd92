from pathlib import Path

import pytest

from bot.errors import StorageError
from bot.publish.archive import Archive


async def test_a_file_is_written_whole_and_replaced(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    await archive.write("m1", "transcript.md", b"first")
    path = await archive.write("m1", "transcript.md", b"second")

    assert path == tmp_path / "meetings" / "m1" / "transcript.md"
    assert path.read_bytes() == b"second"
    assert [each.name for each in path.parent.iterdir()] == ["transcript.md"]


async def test_a_disk_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "meetings").write_text("in the way")
    with pytest.raises(StorageError, match=r"transcript\.md cannot be written: .*DATA_DIR"):
        await Archive(tmp_path).write("m1", "transcript.md", b"")
