"""The second look at the end of a conversation, through a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.errors import ModelMissing
from engine.recognition.second_look import SecondLook
from engine.recognition.types import Transcript
from engine.streaming.retelling import LONGEST
from tests.engine.fakes import SENTENCES, OwnClock, pause, say
from tests.engine.recognition.fakes import ScriptedRecogniser
from tests.engine.server import BOB, JANE, WITHIN, engine, names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from tests.engine.server import Engine

BETTER = {
    2: "Who takes the minutes?",
    3: "I will send the draft today.",
    5: "The release plan is steady.",
    6: "Jane, call 555 123 4568.",
}


class Larger(ScriptedRecogniser):
    """Reads constant levels as `BETTER`; each reading takes as long as a test says."""

    def __init__(self, takes: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.takes = takes
        self.read: list[int] = []

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: object = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        self.takes()
        level = round(float(samples.max()) * 32_768 / 1_000)
        self.read.append(level)
        return Transcript(BETTER[level], -0.01, 0)


async def messages(it: Engine, conversation_id: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = (await it.get(f"/{conversation_id}/messages")).json()["messages"]
    return told


async def test_what_is_clearly_better_is_corrected_and_the_earlier_text_kept(tmp_path: Path) -> None:
    larger = Larger()
    async with (
        engine(tmp_path, second_look=SecondLook(lambda: larger)) as it,
        it.socket("again") as jane,
        it.socket("again") as bob,
    ):
        conversation_id = await jane.start(JANE)
        await bob.start(BOB)
        await jane.send(say(2) + pause() + say(3) + pause())
        await bob.send(say(5) + pause())
        await bob.until("topic_response")
        first = names(await jane.stop())
        last = await bob.stop()
        told = await messages(it, conversation_id)
        items = (await it.get(f"/{conversation_id}/action-items")).json()["actionItems"]
        topics = (await it.get(f"/{conversation_id}/topics")).json()["topics"]
    assert "second_look" not in first, "not before everybody has gone"
    assert names(last)[-2:] == ["conversation_completed", "recognition_stopped"]
    (progress,) = [frame for frame in last if names([frame]) == ["second_look"]]
    assert progress["message"]["data"] == {"conversationId": conversation_id, "done": 0, "total": 3}
    assert {one["text"]: one.get("correctedFrom") for one in told} == {
        SENTENCES[2]: None,
        BETTER[3]: SENTENCES[3],
        BETTER[5]: SENTENCES[5],
    }
    assert sorted(larger.read) == [2, 3, 5]
    assert [item["text"] for item in items] == ["Jane will send the draft today by Friday."]
    assert [topic["text"] for topic in topics] == ["release plan"]


async def test_corrections_are_masked_as_all_else(tmp_path: Path) -> None:
    async with engine(tmp_path, second_look=SecondLook(Larger)) as it, it.socket("masked") as jane:
        conversation_id = await jane.start(JANE, config={"redaction": {"redactContent": True, "redactionString": "##"}})
        await jane.send(say(6) + pause())
        await jane.stop()
        (told,) = await messages(it, conversation_id)
    assert (told["text"], told["correctedFrom"]) == ("##, call ##.", "##, call ## or mail ##.")


async def test_a_second_look_has_an_end(tmp_path: Path) -> None:
    clock = OwnClock()

    def slowly() -> None:
        clock.now += LONGEST * 0.6

    larger = Larger(slowly)
    async with engine(tmp_path, clock=clock, second_look=SecondLook(lambda: larger)) as it, it.socket("slow") as jane:
        conversation_id = await jane.start(JANE)
        await jane.send((say(3) + pause()) * 4)
        frames = await jane.stop()
        told = await messages(it, conversation_id)
    assert names(frames)[-2:] == ["conversation_completed", "recognition_stopped"]
    assert names(frames).count("second_look") == 2
    assert [one.get("correctedFrom") is not None for one in told].count(True) == 2


async def test_a_model_that_is_missing_leaves_everything_as_it_was(tmp_path: Path) -> None:
    def load() -> Larger:
        raise ModelMissing("Whisper large is not prepared.")

    async with engine(tmp_path, second_look=SecondLook(load)) as it, it.socket("missing") as jane:
        conversation_id = await jane.start(JANE)
        await jane.send(say(3) + pause())
        frames = await jane.stop()
        (told,) = await messages(it, conversation_id)
    assert names(frames)[-2:] == ["conversation_completed", "recognition_stopped"]
    assert (told["text"], "correctedFrom" in told) == (SENTENCES[3], False)


async def test_a_model_that_fails_on_one_message_goes_on_with_the_next(tmp_path: Path) -> None:
    class Stumbling(Larger):
        def transcribe(
            self, samples: NDArray[np.float32], *, vocabulary: object = (), language: str = "en", hurried: bool = False
        ) -> Transcript:
            if not self.read:
                self.read.append(0)
                raise RuntimeError("The model stumbled.")
            return super().transcribe(samples)

    async with engine(tmp_path, second_look=SecondLook(Stumbling)) as it, it.socket("stumble") as jane:
        conversation_id = await jane.start(JANE)
        await jane.send((say(3) + pause()) * 2)
        frames = await jane.stop()
        told = await messages(it, conversation_id)
    assert names(frames)[-2:] == ["conversation_completed", "recognition_stopped"]
    assert {one["text"] for one in told} == {SENTENCES[3], BETTER[3]}


async def test_the_sound_of_whoever_is_cut_off_is_not_listened_to_again(tmp_path: Path) -> None:
    larger = Larger()
    async with engine(tmp_path, second_look=SecondLook(lambda: larger)) as it, it.socket("cut") as bob:
        await bob.start(BOB)
        async with it.socket("cut") as jane:
            await jane.start(JANE)
            await jane.send(say(3) + pause())
            await bob.until("message_response")
            await jane.vanish()
        await bob.send(say(5) + pause())
        await bob.until("topic_response")
        async with asyncio.timeout(WITHIN):
            while (await it.http.get("/health")).json()["streams"] > 1:
                pass
        await bob.stop()
    assert larger.read == [5]


async def test_without_the_setting_nothing_is_held(running: Engine) -> None:
    async with running.socket("plain") as jane:
        await jane.start(JANE)
        await jane.send(say(3) + pause())
        frames = await jane.stop()
    assert "second_look" not in names(frames)
