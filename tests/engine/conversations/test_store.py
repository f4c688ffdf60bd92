from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from engine.conversations import database
from engine.conversations.database import open_database
from engine.conversations.models import Base, ConversationRow, EntityRow, MemberRow, MessageRow, TrackerMatchRow
from engine.conversations.store import Store
from engine.errors import SettingsError
from engine.insights.types import Changes, Insight, Speaker, Topic

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

CONVERSATION = "1" * 16


def conversation() -> ConversationRow:
    return ConversationRow(
        id=CONVERSATION,
        app_id="a",
        connection_id="c",
        name="n",
        language="en-US",
        confidence_threshold=0.5,
        timezone_offset=0,
        no_connection_timeout=0,
        start_time=0,
        end_time=None,
        resume_until=None,
        details={},
    )


async def test_the_revisions_lead_to_the_tables_of_the_models(tmp_path: Path) -> None:
    engine = await open_database(tmp_path / "engine.db")

    def difference(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(difference) == []
    await engine.dispose()


async def test_the_database_is_in_wal_mode_and_survives_being_opened_twice(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "100% é.db"
    first = await Store.open(path)
    await first.add(conversation())
    second = await Store.open(path)
    assert [row.id for row in await second.alive()] == [CONVERSATION]
    await first.close()
    await second.close()
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "engine.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(SettingsError, match=r"engine\.db cannot be used"):
        await Store.open(tmp_path / "engine.db")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="DATA_DIR"):
        await Store.open(tmp_path / "file" / "engine.db")


async def test_a_database_of_a_newer_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    await (await Store.open(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(SettingsError, match="newer version"):
        await Store.open(path)


async def test_findings_keep_their_ids_while_they_change(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "engine.db")
    await store.add(conversation())
    who = Speaker("p", "Jane")
    first = Insight("k1", "question", "Who?", 0.9, ("m1",), who)
    second = Insight("k2", "question", "When?", 0.8, ("m2",), who)
    topic = Topic("t", "plan", 0.5, ("m1",))
    before = await store.save(CONVERSATION, Changes((first,), (topic,)))
    await store.save(CONVERSATION, Changes((second,)))
    kept = {row.key: row.id for row in await store.insights(CONVERSATION, "question")}
    after = await store.save(CONVERSATION, Changes((replace(first, text="Who?!"),), (replace(topic, score=0.7),)))
    assert after == before
    rows = await store.insights(CONVERSATION, "question")
    assert [(row.key, row.text) for row in rows] == [("k1", "Who?!"), ("k2", "When?")]
    assert {row.key: row.id for row in rows} == kept

    await store.save(CONVERSATION, Changes((second, first)), whole=True)
    rows = await store.insights(CONVERSATION, "question")
    assert [row.key for row in rows] == ["k2", "k1"], "the last word has its own order"
    assert {row.key: row.id for row in rows} == kept
    assert await store.topics(CONVERSATION) == [], "what no longer stands is gone"
    await store.close()


async def test_a_database_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    config = Config()
    config.set_main_option("script_location", str(database._MIGRATIONS))
    engine = create_engine(f"sqlite:///{path.as_posix()}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO conversations VALUES (?, 'a', 'c', 'n', 'en-US', 0.5, 0, 0, 0, NULL, NULL, '{}')", (CONVERSATION,)
        )
        connection.exec_driver_sql("INSERT INTO members VALUES ('p', ?, 'i', 0, NULL, NULL)", (CONVERSATION,))
        words = '[{"word": "Hi", "start": 7.5, "end": 8.0, "score": 0.9}]'
        connection.exec_driver_sql(
            "INSERT INTO messages VALUES ('1', ?, 'u', 'p', 0, 'Hi', 1, 7.0, 8.0, ?)", (CONVERSATION, words)
        )
    engine.dispose()
    store = await Store.open(path)
    row = await store.conversation(("a",), CONVERSATION)
    assert (row.trackers, row.redaction, row.first_word) == ([], None, 7.0)
    (message,) = await store.messages(CONVERSATION)
    assert json.loads(message.spelled or "")[0]["timeOffset"] == 0.5
    await store.set_watch(CONVERSATION, [{"id": "3", "name": "n", "vocabulary": ["v"]}], "****")
    row = await store.conversation(("a",), CONVERSATION)
    assert (row.trackers, row.redaction) == ([{"id": "3", "name": "n", "vocabulary": ["v"]}], "****")
    await store.close()


async def test_what_was_found_comes_back_in_order(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "engine.db")
    await store.add(conversation())
    for value in ("b", "a"):
        await store.add(
            TrackerMatchRow(conversation_id=CONVERSATION, tracker_id="3", name="n", value=value, message_id="u", offset=4),
            EntityRow(
                conversation_id=CONVERSATION,
                kind="date",
                sub_type="date",
                category="general",
                text=value,
                value="2026-01-02",
                message_id="u",
                offset=0,
            ),
        )
    matches = await store.tracker_matches(CONVERSATION)
    assert [(row.value, row.offset, row.insight_refs) for row in matches] == [("b", 4, []), ("a", 4, [])]
    assert [(row.text, row.value) for row in await store.entities(CONVERSATION)] == [("b", "2026-01-02"), ("a", "2026-01-02")]
    assert await store.entities("2" * 16) == []
    await store.close()


def message(message_id: str, start: float) -> MessageRow:
    return MessageRow(
        id=message_id,
        conversation_id=CONVERSATION,
        realtime_id=f"u{message_id}",
        member_id="p",
        position=0,
        text="Hi",
        confidence=1,
        start_time=start,
        end_time=start + 1,
        words=[{"word": "Hi", "start": start + 0.25, "end": start + 0.5, "score": 0.9}],
    )


async def test_offsets_count_from_the_earliest_message_even_if_it_is_kept_last(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "engine.db")
    await store.add(conversation())
    await store.add(MemberRow(id="p", conversation_id=CONVERSATION, identity="i", position=0, name=None, user_id=None))
    for number, start in enumerate((100.0, 130.0, 90.0)):
        await store.add(message(str(number), start))
    spelled = {row.id: json.loads(row.spelled or "") for row in await store.messages(CONVERSATION)}
    assert {key: words[0]["timeOffset"] for key, words in spelled.items()} == {"2": 0.25, "0": 10.25, "1": 40.25}
    assert spelled["2"] == [
        {
            "word": "Hi",
            "startTime": "1970-01-01T00:01:30.250Z",
            "endTime": "1970-01-01T00:01:30.500Z",
            "score": 0.9,
            "timeOffset": 0.25,
            "duration": 0.25,
        }
    ]
    await store.close()


async def test_deleting_leaves_no_row_behind(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    store = await Store.open(path)
    await store.add(conversation())
    await store.add(MemberRow(id="p", conversation_id=CONVERSATION, identity="i", position=0, name=None, user_id=None))
    await store.add(
        MessageRow(
            id="2" * 16,
            conversation_id=CONVERSATION,
            realtime_id="u",
            member_id="p",
            position=0,
            text="A secret.",
            confidence=1,
            start_time=0,
            end_time=1,
            words=[],
        )
    )
    await store.add(
        TrackerMatchRow(conversation_id=CONVERSATION, tracker_id="3", name="n", value="v", message_id="u", offset=-1),
        EntityRow(
            conversation_id=CONVERSATION, kind="person", sub_type="", category="", text="Jane", value={}, message_id="u", offset=0
        ),
    )
    who = Speaker("p", "Jane")
    await store.save(CONVERSATION, Changes((Insight("k", "question", "?", 1, (), who),), (Topic("t", "plan", 1, ()),)))
    await store.delete(CONVERSATION)
    await store.close()
    with sqlite3.connect(path) as raw:
        for table in Base.metadata.tables:
            assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table  # noqa: S608 - our own names
    raw.close()
    assert b"A secret." not in path.read_bytes()


async def test_what_is_written_together_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "engine.db")

    async def fail() -> None:
        async with store.together():
            await store.add(conversation())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await store.alive() == []
    async with store.together():
        await store.add(conversation())
        await store.keep_until(CONVERSATION, 5.0, 1.0)
        assert await store.alive() == [], "others see it once all of it is there"
    (kept,) = await store.alive()
    assert (kept.resume_until, kept.no_connection_timeout) == (5.0, 1.0)
    await store.end(CONVERSATION, 9.0)
    assert await store.alive() == []
    await store.close()
