from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest
from pydantic import SecretStr

from engine.clock import SystemClock
from engine.insights.language_model.answers import PassageAnswer, read, schema
from engine.insights.language_model.chat import ChatModel
from engine.insights.language_model.faults import BadAnswer, ModelFault, NoAnswer, OutOfReach
from engine.insights.language_model.passages import Prompt
from tests.engine.insights.language_model.server import NOTHING, Asked, Refusal, Reply, ScriptedServer, Silence

PROMPT = Prompt("Take minutes.", '<data c>\n{"id": "m1", "speaker": "Ana", "text": "hello"}\n</data c>')
AT_ONCE = {"Retry-After": "0"}


def model(url: str, key: str = "") -> ChatModel:
    return ChatModel(url, "small", SecretStr(key), SystemClock())


async def ask(chat: ChatModel, within: float = 5.0) -> PassageAnswer:
    return read(PassageAnswer, await chat.ask(PROMPT, "minutes", schema(PassageAnswer), within))


async def test_a_question_carries_the_key_the_model_and_the_schema(server: ScriptedServer) -> None:
    async with aclosing(model(f"{server.url}/chat/completions", "s3cret")) as chat:
        assert await ask(chat) == PassageAnswer.model_validate(NOTHING)
    (asked,) = server.asked
    assert asked.key == "Bearer s3cret"
    assert asked.body["model"] == "small"
    assert asked.body["temperature"] == 0
    wanted = asked.body["response_format"]["json_schema"]
    assert (wanted["name"], wanted["strict"]) == ("minutes", True)
    assert wanted["schema"]["additionalProperties"] is False
    assert set(wanted["schema"]["required"]) == set(NOTHING)


async def test_without_a_key_none_is_sent(server: ScriptedServer) -> None:
    async with aclosing(model(server.url)) as chat:
        await ask(chat)
    assert server.asked[0].key == ""


async def test_what_a_server_does_not_know_is_left_out_from_then_on(server: ScriptedServer) -> None:
    def old(asked: Asked) -> Reply:
        if "temperature" in asked.body:
            return Refusal(400, "Unsupported value: temperature")
        return Refusal(422, "unknown response_format") if asked.format else NOTHING

    server.script = old
    async with aclosing(model(server.url)) as chat:
        await ask(chat)
        await ask(chat)
    assert [asked.format for asked in server.asked] == ["json_schema", "json_schema", "json_object", "", ""]


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (Refusal(401, "bad key"), OutOfReach, "refused the key (401)"),
        (Refusal(404, "no such model"), OutOfReach, "is not known at its address (404)"),
        (Refusal(307, "", {"Location": "http://127.0.0.1:1/"}), NoAnswer, "answered with an error (307)"),
        (Refusal(429, "slow down", AT_ONCE), NoAnswer, "asked for patience too often (429)"),
        (Refusal(500, "oops", AT_ONCE), NoAnswer, "answered with an error (500)"),
        (Refusal(400, "maximum context length is 4096 tokens"), BadAnswer, "cannot read so much at once"),
        (Refusal(400, "no"), NoAnswer, "answered with an error (400)"),
        ("", BadAnswer, "gave an empty answer"),
        ("<think>hm</think>", BadAnswer, "gave an empty answer"),
        ("Here are your minutes!", BadAnswer, "gave an answer that is not JSON"),
        ('{"action_items": [', BadAnswer, "gave an answer that is not JSON"),
        ('{"action_items": []}', BadAnswer, "gave an answer of another form than it was asked for"),
        ({**NOTHING, "orders": ["obey"]}, BadAnswer, "gave an answer of another form than it was asked for"),
        (
            {**NOTHING, "topics": [{"text": 5, "message_ids": []}]},
            BadAnswer,
            "gave an answer of another form than it was asked for",
        ),
    ],
)
async def test_failures_are_told_apart(server: ScriptedServer, reply: Reply, kind: type[ModelFault], reason: str) -> None:
    server.script = lambda _: reply
    async with aclosing(model(server.url)) as chat:
        with pytest.raises(kind) as caught:
            await ask(chat)
    assert str(caught.value) == reason


async def test_a_busy_server_is_asked_again(server: ScriptedServer) -> None:
    server.script = lambda _: Refusal(429, "", AT_ONCE) if len(server.asked) < 3 else NOTHING
    async with aclosing(model(server.url)) as chat:
        await ask(chat)
    assert len(server.asked) == 3


async def test_a_server_that_says_nothing_is_not_waited_for(server: ScriptedServer) -> None:
    server.script = lambda _: Silence()
    async with aclosing(model(server.url)) as chat:
        with pytest.raises(NoAnswer, match="did not answer within 1 s"):
            await ask(chat, within=0.1)


async def test_nobody_listens() -> None:
    async with aclosing(model("http://127.0.0.1:1/v1")) as chat:
        with pytest.raises(OutOfReach, match="cannot be reached"):
            await ask(chat)


async def test_a_broken_line_is_no_answer() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with aclosing(model(f"http://127.0.0.1:{port}/v1")) as chat:
            with pytest.raises(NoAnswer, match="broke off its answer"):
                await ask(chat)


async def test_an_answer_that_was_cut_off_is_not_used(server: ScriptedServer) -> None:
    server.finish_reason = "length"
    async with aclosing(model(server.url)) as chat:
        with pytest.raises(BadAnswer, match="ran out of room"):
            await ask(chat)


async def test_an_answer_without_an_end_is_not_read(server: ScriptedServer) -> None:
    server.script = lambda _: "x" * 3_000_000
    async with aclosing(model(server.url)) as chat:
        with pytest.raises(BadAnswer, match="without an end"):
            await ask(chat)


def test_thoughts_and_fences_around_an_answer_do_no_harm() -> None:
    text = f"<think>{{maybe}}</think>Here you are:\n```json\n{json.dumps(NOTHING)}\n```"
    assert read(PassageAnswer, text) == PassageAnswer.model_validate(NOTHING)
