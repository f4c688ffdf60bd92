"""A language model reads conversations that are over: through the wire, against a scripted server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from engine.clock import SystemClock
from engine.conversations.rereading import rereading
from engine.conversations.store import Store
from engine.errors import SettingsError
from engine.settings import EngineSettings
from tests.engine.fakes import pause, say
from tests.engine.insights.language_model.server import Asked, Refusal, ScriptedServer, scripted_server
from tests.engine.server import JANE, Engine, engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as it:
        yield it


def with_model(server: ScriptedServer) -> dict[str, Any]:
    return {"LANGUAGE_MODEL_URL": server.url, "LANGUAGE_MODEL_NAME": "small", "LANGUAGE_MODEL_KEY": "s3cret"}


def minutes(asked: Asked) -> dict[str, Any]:
    draft, plan = asked.id_of("draft"), asked.id_of("plan")
    item = {"kind": "action_item", "text": "Jane will send the draft.", "assignee": "Jane", "due": "", "message_ids": [draft]}
    return {
        "action_items": [item, {**item, "text": "Jane will pay Mallory.", "message_ids": [plan]}],
        "questions": [],
        "topics": [{"text": "release plan", "message_ids": [plan]}],
        "points": [
            {"kind": "discussed", "text": "The plan is ready.", "message_ids": [plan]},
            {"kind": "decided", "text": "The draft will be sent.", "message_ids": [draft]},
        ],
    }


async def held(it: Engine) -> str:
    """A conversation of two sentences that is over."""
    async with it.socket("standup") as socket:
        conversation_id = await socket.start(JANE)
        await socket.send(say(5) + pause() + say(3) + pause())
        await socket.stop()
    return conversation_id


async def read(it: Engine, conversation_id: str) -> dict[str, Any]:
    """How it was read, once that is done."""
    while True:
        reading: dict[str, Any] = (await it.get(f"/{conversation_id}")).json()["reading"]
        if reading["status"] == "completed":
            return reading


async def texts(it: Engine, conversation_id: str, path: str, key: str) -> list[str]:
    return [item["text"] for item in (await it.get(f"/{conversation_id}/{path}")).json()[key]]


async def test_a_conversation_that_is_over_is_read_in_the_background(server: ScriptedServer, tmp_path: Path) -> None:
    server.script = minutes
    server.gate.clear()
    async with engine(tmp_path, **with_model(server)) as it:
        conversation_id = await held(it)
        await server.came.wait()
        reading = (await it.get(f"/{conversation_id}")).json()["reading"]
        assert reading == {"status": "in_progress", "model": "small", "madeBy": "local", "progress": 0.0}
        assert await texts(it, conversation_id, "action-items", "actionItems") == ["Jane will send the draft by Friday."]
        assert "writtenBy" not in (await it.get(f"/{conversation_id}/summary")).json()

        server.gate.set()
        reading = await read(it, conversation_id)
        assert reading == {"status": "completed", "model": "small", "madeBy": "language_model", "progress": 1.0}
        assert await texts(it, conversation_id, "action-items", "actionItems") == ["Jane will send the draft."]
        assert await texts(it, conversation_id, "topics", "topics") == ["release plan"]
        summary = (await it.get(f"/{conversation_id}/summary")).json()
        assert summary["writtenBy"] == "small"
        assert [item["text"] for item in summary["summary"]] == ["The plan is ready."]
        assert {section["name"]: [item["text"] for item in section["items"]] for section in summary["sections"]} == {
            "talked_about": ["release plan"],
            "decided": ["The draft will be sent."],
            "to_do": ["Jane will send the draft."],
        }
        said = {message["id"]: message["text"] for message in (await it.get(f"/{conversation_id}/messages")).json()["messages"]}
        refs = [said[ref["id"]] for item in summary["summary"] for ref in item["messageRefs"]]
        assert refs == ["The release plan is ready."]
    assert {asked.key for asked in server.asked} == {"Bearer s3cret"}


async def test_a_model_that_is_away_leaves_all_as_it_was_and_says_so(server: ScriptedServer, tmp_path: Path) -> None:
    server.script = lambda _: Refusal(401)
    async with engine(tmp_path, **with_model(server)) as it:
        conversation_id = await held(it)
        reading = await read(it, conversation_id)
        assert (reading["madeBy"], reading["reason"]) == ("local", "refused the key (401)")
        assert await texts(it, conversation_id, "action-items", "actionItems") == ["Jane will send the draft by Friday."]
        assert "writtenBy" not in (await it.get(f"/{conversation_id}/summary")).json()


async def test_a_conversation_may_be_deleted_while_it_is_read(server: ScriptedServer, tmp_path: Path) -> None:
    server.gate.clear()
    async with engine(tmp_path, **with_model(server)) as it:
        conversation_id = await held(it)
        await server.came.wait()
        bearer = {"Authorization": f"Bearer {await it.token()}"}
        assert (await it.http.delete(f"/v1/conversations/{conversation_id}", headers=bearer)).status_code == 200
        server.gate.set()
        assert (await it.get(f"/{conversation_id}")).status_code == 404


async def test_a_reading_that_a_restart_broke_off_is_over(server: ScriptedServer, tmp_path: Path) -> None:
    server.gate.clear()
    async with engine(tmp_path, **with_model(server)) as it:
        conversation_id = await held(it)
        await server.came.wait()
    async with engine(tmp_path, **with_model(server)) as it:
        reading = await read(it, conversation_id)
        assert (reading["madeBy"], reading["reason"]) == ("local", "was interrupted by a restart of the engine")
        assert await texts(it, conversation_id, "action-items", "actionItems") == ["Jane will send the draft by Friday."]


async def test_silence_is_not_read_and_without_a_model_nothing_is(server: ScriptedServer, tmp_path: Path) -> None:
    async with engine(tmp_path / "silent", **with_model(server)) as it:
        async with it.socket("quiet") as socket:
            conversation_id = await socket.start(JANE)
            await socket.stop()
        assert "reading" not in (await it.get(f"/{conversation_id}")).json()
    async with engine(tmp_path / "off") as it:
        assert "reading" not in (await it.get(f"/{await held(it)}")).json()
    assert server.asked == []


async def test_an_answer_changes_a_renamed_member_s_items_as_well(server: ScriptedServer, tmp_path: Path) -> None:
    server.script = minutes
    async with engine(tmp_path, **with_model(server)) as it:
        conversation_id = await held(it)
        await read(it, conversation_id)
        (member,) = (await it.get(f"/{conversation_id}/members")).json()["members"]
        bearer = {"Authorization": f"Bearer {await it.token()}"}
        path = f"/v1/conversations/{conversation_id}/members/{member['id']}"
        await it.http.put(path, headers=bearer, json={"id": member["id"], "name": "Janet"})
        assert await texts(it, conversation_id, "action-items", "actionItems") == ["Janet will send the draft."]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"LANGUAGE_MODEL_URL": "localhost:11434", "LANGUAGE_MODEL_NAME": "small"}, "LANGUAGE_MODEL_URL is wrong"),
        ({"LANGUAGE_MODEL_URL": "http://localhost:11434/v1"}, "LANGUAGE_MODEL_NAME is missing"),
    ],
)
async def test_half_a_setting_is_refused_with_a_sentence(tmp_path: Path, settings: dict[str, Any], complaint: str) -> None:
    store = await Store.open(tmp_path / "engine.db")
    with pytest.raises(SettingsError, match=complaint):
        rereading(EngineSettings(DATA_DIR=tmp_path, **settings), store, SystemClock())
    await store.close()
