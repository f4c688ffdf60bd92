from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

import pytest

from bot.errors import StorageError
from bot.meetings.entries import Closed, Line, Note, Opened, Posted
from bot.meetings.journal import DiskFile, Journal, journal_path, read, unfinished
from tests.bot.fakes import BEGIN

if TYPE_CHECKING:
    from pathlib import Path

    from bot.meetings.entries import Entry


def opened(meeting_id: str = "m1") -> Opened:
    return Opened(
        meeting_id=meeting_id,
        guild_id=11,
        voice_channel_id=22,
        thread_id=77,
        title="Weekly",
        started_at=BEGIN.isoformat(),
        connection_id="c",
    )


def line(key: str, text: str = "Good morning, everybody: ☀️ \n second line") -> Line:
    return Line(key=key, user_id=1, name="Ana", start=1.5, end=2.5, text=text)


def silent(error: StorageError) -> None:
    raise error


async def write(path: Path, *entries: Entry) -> None:
    journal = Journal(DiskFile(path), silent)
    for entry in entries:
        await journal.append(entry)
    await journal.close()


async def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "m1")
    entries: list[Entry] = [
        opened(),
        line("a"),
        Note(key="n", at=3.0, text="x"),
        Posted(post_key="p", keys=["a"], message_id=5, url="u"),
    ]
    await write(path, *entries)
    assert read(path) == entries
    await write(path, Closed(at=9.0, reason="stopped"))
    assert read(path) == [*entries, Closed(at=9.0, reason="stopped")]


async def test_when_append_returns_the_entry_is_in_the_file(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "m1")
    journal = Journal(DiskFile(path), silent)
    await asyncio.gather(*(journal.append(line(str(number))) for number in range(100)))
    assert [entry.key for entry in read(path) if isinstance(entry, Line)] == [str(number) for number in range(100)]
    await journal.close()


class CountingFile:
    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        return


async def test_appends_of_the_same_moment_share_one_wait_for_the_disk() -> None:
    file = CountingFile()
    journal = Journal(file, silent)
    await asyncio.gather(*(journal.append(line(str(number))) for number in range(50)))
    assert len(file.writes) <= 2
    assert b"".join(file.writes).count(b"\n") == 50


@pytest.mark.parametrize("cut", [1, 10, 60])
async def test_a_torn_last_line_does_not_count_and_is_taken_away_before_the_next(tmp_path: Path, cut: int) -> None:
    path = journal_path(tmp_path, "m1")
    await write(path, opened(), line("a"), line("b"))
    path.write_bytes(path.read_bytes()[:-cut])
    assert read(path) == [opened(), line("a")]
    await write(path, line("c"))
    assert read(path) == [opened(), line("a"), line("c")]


async def test_a_file_that_is_nothing_but_a_torn_line(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "m1")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 200_000)
    await write(path, opened())
    assert read(path) == [opened()]


async def test_a_broken_line_in_the_middle_costs_only_itself(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "m1")
    await write(path, opened())
    with path.open("ab") as file:
        file.write(b'{"kind": "line", "key"\n\xff\xfe\n{"kind": "of tomorrow"}\n')
    await write(path, line("a"))
    assert read(path) == [opened(), line("a")]


class FullDisk(CountingFile):
    def __init__(self) -> None:
        super().__init__()
        self.full = True

    def write(self, data: bytes) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(data)


async def test_a_full_disk_is_told_once_and_nothing_is_lost_when_there_is_room_again() -> None:
    disk, told = FullDisk(), list[str]()
    journal = Journal(disk, lambda error: told.append(str(error)))
    await journal.append(line("a"))
    await journal.append(line("b"))
    assert told == ["The journal cannot be written (No space left on device): make room on the disk of DATA_DIR."]
    disk.full = False
    await journal.append(line("c"))
    assert [part.split(b'"key":"')[1][:1] for part in b"".join(disk.writes).splitlines()] == [b"a", b"b", b"c"]
    disk.full = True
    await journal.append(line("d"))
    assert len(told) == 2
    await journal.close()


async def test_half_a_write_before_the_disk_was_full_is_written_over(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "m1")
    file = DiskFile(path)
    file.write(b"first\n")
    with path.open("ab") as other:
        other.write(b'{"kind":"li')
    file.write(b"second\n")
    file.close()
    assert path.read_bytes() == b"first\nsecond\n"


async def test_unfinished_journals_are_those_without_closed(tmp_path: Path) -> None:
    assert unfinished(tmp_path) == []
    await write(journal_path(tmp_path, "m1"), opened("m1"), Closed(at=1, reason="x"))
    await write(journal_path(tmp_path, "m2"), opened("m2"), line("a"))
    await write(journal_path(tmp_path, "m3"), opened("m3"), *(line(str(number), "word " * 200) for number in range(100)))
    torn = journal_path(tmp_path, "m4")
    await write(torn, opened("m4"), Closed(at=1, reason="x"))
    torn.write_bytes(torn.read_bytes()[:-1])
    empty = journal_path(tmp_path, "m5")
    empty.parent.mkdir()
    empty.touch()
    assert unfinished(tmp_path) == [journal_path(tmp_path, name) for name in ("m2", "m3", "m4", "m5")]


def test_a_journal_that_cannot_be_read_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read(tmp_path / "missing.jsonl")
