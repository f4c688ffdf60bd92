from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from bot.errors import StorageError
from bot.storage.meetings import MeetingRecord
from bot.storage.storage import Storage
from bot.storage.tables import Base

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SNOWFLAKE = 1_234_567_890_123_456_789


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path / "data")
    yield opened
    await opened.close()


async def test_team_channel_is_none_until_chosen_and_can_be_changed_and_cleared(storage: Storage) -> None:
    assert await storage.guilds.team_channel(SNOWFLAKE) is None
    await storage.guilds.set_team_channel(SNOWFLAKE, SNOWFLAKE + 1)
    await storage.guilds.set_team_channel(SNOWFLAKE, SNOWFLAKE + 2)
    assert await storage.guilds.team_channel(SNOWFLAKE) == SNOWFLAKE + 2
    assert await storage.guilds.team_channel(SNOWFLAKE + 9) is None
    await storage.guilds.set_team_channel(SNOWFLAKE, None)
    assert await storage.guilds.team_channel(SNOWFLAKE) is None


async def test_one_choice_of_a_guild_leaves_the_others_alone(storage: Storage) -> None:
    assert await storage.guilds.language(1) is None
    await storage.guilds.set_language(1, "de")
    await storage.guilds.set_team_channel(1, 2)
    assert (await storage.guilds.language(1), await storage.guilds.team_channel(1)) == ("de", 2)
    await storage.guilds.set_language(1, None)
    assert (await storage.guilds.language(1), await storage.guilds.team_channel(1)) == (None, 2)


async def test_refusals_belong_to_one_guild_and_survive_being_said_twice(storage: Storage) -> None:
    await storage.refusals.add(1, 10, BEGIN)
    await storage.refusals.add(1, 10, BEGIN)
    await storage.refusals.add(1, 11, BEGIN)
    assert await storage.refusals.of(1) == {10, 11}
    assert await storage.refusals.of(2) == frozenset()
    await storage.refusals.remove(1, 10)
    await storage.refusals.remove(1, 99)
    assert await storage.refusals.of(1) == {11}


async def test_meetings_are_listed_newest_first_with_their_times_in_utc(storage: Storage) -> None:
    for number in range(3):
        await storage.meetings.add(MeetingRecord(f"m{number}", 1, 2, 3, "Weekly", 4, BEGIN + timedelta(days=number)))
    await storage.meetings.end("m1", BEGIN + timedelta(days=1, hours=1), "5103365432579787")
    found = await storage.meetings.latest(1, 2)
    assert [record.meeting_id for record in found] == ["m2", "m1"]
    assert found[1] == MeetingRecord(
        "m1", 1, 2, 3, "Weekly", 4, BEGIN + timedelta(days=1), BEGIN + timedelta(days=1, hours=1), "5103365432579787"
    )
    assert found[0].ended_at is None


async def test_what_was_stored_is_there_after_opening_again(tmp_path: Path) -> None:
    first = await Storage.open(tmp_path)
    await first.guilds.set_team_channel(1, 2)
    await first.close()
    second = await Storage.open(tmp_path)
    assert await second.guilds.team_channel(1) == 2
    await second.close()


async def test_the_database_is_in_wal_mode_and_the_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    storage = await Storage.open(tmp_path)
    await storage.close()
    connection = sqlite3.connect(tmp_path / "minutes.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'minutes.db'}")
    with engine.connect() as checked:
        assert compare_metadata(MigrationContext.configure(checked), Base.metadata) == []
    engine.dispose()


async def test_a_folder_that_cannot_be_made_is_named_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="DATA_DIR"):
        await Storage.open(tmp_path / "file" / "data")


async def test_a_file_that_is_no_database_is_named_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "minutes.db").write_text("this is not a database, it is a letter to somebody\n" * 100)
    with pytest.raises(StorageError, match=r"minutes\.db cannot be used .*file is not a database"):
        await Storage.open(tmp_path)


async def test_errors_in_use_become_storage_errors_and_lose_no_earlier_data(storage: Storage) -> None:
    record = MeetingRecord("same", 1, 2, 3, "Weekly", 4, BEGIN)
    await storage.meetings.add(record)
    with pytest.raises(StorageError, match="could not be written"):
        await storage.meetings.add(record)
    assert await storage.meetings.latest(1, 5) == [record]
