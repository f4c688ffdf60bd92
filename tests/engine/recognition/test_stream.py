from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from engine.errors import BadRequest, Overloaded
from engine.recognition.pool import MAX_LAG_SECONDS, NEWCOMER_SECONDS, RecognitionPool, room_for
from engine.recognition.scheduler import LOAD_SECONDS
from engine.recognition.stream import MAX_RESULTS
from engine.recognition.types import Final, Interim, Lost
from tests.engine.recognition.fakes import BrokenDetector, LoudnessDetector, ScriptedRecogniser, sound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from engine.recognition.stream import Stream
    from engine.recognition.types import Result, Transcript


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def recogniser() -> ScriptedRecogniser:
    return ScriptedRecogniser()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pool(recogniser: ScriptedRecogniser, clock: Clock) -> AsyncIterator[RecognitionPool]:
    made = RecognitionPool(recogniser, room=12, detectors=LoudnessDetector, workers=2, clock=clock)
    yield made
    recogniser.open_all()
    await made.close()


async def collect(stream: Stream) -> list[Result]:
    return [result async for result in stream.results()]


async def say(stream: Stream, pcm: bytes) -> list[Result]:
    """Feed in pieces of 20 ms, finish, and give everything that came out."""
    reader = asyncio.create_task(collect(stream))
    for at in range(0, len(pcm), 640):
        stream.feed(pcm[at : at + 640])
        await stream.caught_up()
    await stream.finish()
    return await reader


async def heard_all(stream: Stream) -> None:
    """Endpointing has seen all that was fed; it may not have been read yet."""
    while stream._listening or stream.waiting > 0.032:
        stream._progress.clear()
        await stream._progress.wait()


def finals(results: Sequence[Result]) -> list[str]:
    return [result.text for result in results if isinstance(result, Final)]


async def test_utterances_come_out_in_order_with_their_times(pool: RecognitionPool) -> None:
    results = await say(pool.open(), sound((0, 1), (0.3, 1), (0, 1), (0.6, 2), (0, 1), (0.9, 1)))
    assert finals(results) == ["level 30", "level 60", "level 90"]
    times = [(result.start, result.end) for result in results if isinstance(result, Final)]
    assert [start for start, _ in times] == pytest.approx([0.992, 2.976, 5.952], abs=0.03)
    assert [end for _, end in times] == pytest.approx([2.0, 5.0, 7.0], abs=0.15)


async def test_finals_keep_their_order_when_a_later_one_is_read_first(
    pool: RecognitionPool, recogniser: ScriptedRecogniser
) -> None:
    recogniser.close(30)
    stream = pool.open()
    results = stream.results()
    stream.feed(sound((0.3, 0.35), (0, 1), (0.6, 0.35), (0, 1), (0.9, 0.35), (0, 1)))
    first = asyncio.ensure_future(anext(results))
    for _ in range(3):
        await recogniser.taken()
    assert not first.done()
    recogniser.open(30)
    result = await first
    assert isinstance(result, Final)
    assert result.text == "level 30"
    await stream.finish()
    assert [result.text async for result in results if isinstance(result, Final)] == ["level 60", "level 90"]


async def test_reading_begins_in_the_pause_and_is_not_done_twice(pool: RecognitionPool, recogniser: ScriptedRecogniser) -> None:
    recogniser.close(30)
    stream = pool.open()
    stream.feed(sound((0.3, 0.35), (0, 0.4)))
    await recogniser.taken()
    stream.feed(sound((0, 0.4)))
    recogniser.open(30)
    await stream.finish()
    assert finals(await collect(stream)) == ["level 30"]
    assert len(recogniser.heard) == 1


async def test_a_guess_at_the_end_that_was_none_is_read_again_as_a_whole(
    pool: RecognitionPool, recogniser: ScriptedRecogniser
) -> None:
    stream = pool.open()
    stream.feed(sound((0.3, 0.5), (0, 0.4)))
    await recogniser.taken()
    stream.feed(sound((0.6, 0.5), (0, 1)))
    await stream.finish()
    assert finals(await collect(stream)) == ["level 60"]
    assert recogniser.heard[-1][1] == pytest.approx(1.4 + 0.25 + 0.3, abs=0.1)


async def test_interims_come_before_the_final_and_say_where_the_utterance_begins(
    pool: RecognitionPool, recogniser: ScriptedRecogniser
) -> None:
    stream = pool.open()
    results = stream.results()
    stream.feed(sound((0, 1), (0.3, 1)))
    interim = await anext(results)
    assert isinstance(interim, Interim)
    assert interim.text == "level"
    assert interim.start == pytest.approx(1.0, abs=0.05)
    stream.feed(sound((0, 1)))
    assert isinstance(await anext(results), Final)
    await stream.finish()


async def test_interims_are_thinned_to_a_share_of_a_core(
    pool: RecognitionPool, recogniser: ScriptedRecogniser, clock: Clock
) -> None:
    recogniser.close(30)
    stream = pool.open()
    results = stream.results()
    stream.feed(sound((0.3, 1)))
    await recogniser.taken()
    clock.now += 2.0
    recogniser.open(30)
    assert isinstance(await anext(results), Interim)
    stream.feed(sound((0.4, 4)))
    await stream.caught_up()
    stream.feed(sound((0, 1)))
    await stream.finish()
    assert [level for level, _ in recogniser.heard] == [30, 40]


async def test_finals_are_read_before_interims_of_others(recogniser: ScriptedRecogniser) -> None:
    pool = RecognitionPool(recogniser, room=5, detectors=LoudnessDetector, workers=1)
    recogniser.close(20)
    busy, talking, done = pool.open(), pool.open(), pool.open()
    busy.feed(sound((0.2, 0.35), (0, 1)))
    await recogniser.taken()
    talking.feed(sound((0.3, 1)))
    done.feed(sound((0.4, 0.35), (0, 1)))
    finishing = asyncio.gather(*(stream.finish() for stream in (busy, talking, done)))
    await heard_all(done)
    recogniser.open(20)
    await finishing
    assert [level for level, _ in recogniser.heard][:2] == [20, 40]
    await pool.close()


async def test_a_stream_that_brings_much_at_once_takes_turns_with_the_others(recogniser: ScriptedRecogniser) -> None:
    pool = RecognitionPool(recogniser, room=5, detectors=LoudnessDetector, workers=1)
    recogniser.close(20)
    recording, person = pool.open(interims=False), pool.open(interims=False)
    recording.feed(sound(*[(0.2, 0.35), (0, 1)] * 4))
    await recogniser.taken()
    await heard_all(recording)
    person.feed(sound((0.4, 0.35), (0, 1)))
    await heard_all(person)
    recogniser.open(20)
    await asyncio.gather(recording.finish(), person.finish())
    assert [level for level, _ in recogniser.heard] == [20, 20, 40, 20, 20]
    await pool.close()


async def test_many_who_wait_are_read_hurriedly_and_one_recording_is_not(recogniser: ScriptedRecogniser) -> None:
    pool = RecognitionPool(recogniser, room=9, detectors=LoudnessDetector, workers=1)
    recogniser.close(20)
    recording, *people = (pool.open(interims=False) for _ in range(4))
    recording.feed(sound(*[(0.2, 0.35), (0, 1)] * 4))
    await recogniser.taken()
    for stream in (recording, *people):
        stream.feed(sound((0.4, 0.35), (0, 1)) if stream in people else b"")
        await heard_all(stream)
    recogniser.open(20)
    await asyncio.gather(*(stream.finish() for stream in (recording, *people)))
    assert recogniser.hurried == [False, True, True, True, False, False, False]
    await pool.close()


async def test_a_stream_without_interims_reads_nothing_before_its_end(
    pool: RecognitionPool, recogniser: ScriptedRecogniser
) -> None:
    results = await say(pool.open(interims=False), sound((0, 1), (0.3, 4), (0, 1)))
    assert [type(result) for result in results] == [Final]
    assert len(recogniser.heard) == 1


class Sentences(ScriptedRecogniser):
    """Says what a test says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: Sequence[str] = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        return replace(super().transcribe(samples, vocabulary=vocabulary, hurried=hurried), text=self.text)


@pytest.mark.parametrize(
    ("text", "silence", "ended"), [("We agree.", 0.15, True), ("We agree and", 0.5, False), ("We agree and", 0.8, True)]
)
async def test_the_wait_for_the_end_follows_what_was_read_in_the_pause(text: str, silence: float, *, ended: bool) -> None:
    pool = RecognitionPool(Sentences(text), room=2, detectors=LoudnessDetector, workers=2)
    stream = pool.open()
    stream.feed(sound((0.3, 1), (0, 0.32)))
    async for result in stream.results():
        if isinstance(result, Interim) and result.text == text:
            break
    stream.feed(sound((0, silence)))
    await heard_all(stream)
    assert (stream._guess is None) is ended
    await stream.finish()
    assert finals(await collect(stream)) == [text]
    await pool.close()


async def test_a_sentence_that_is_read_late_in_its_pause_ends_without_more_sound() -> None:
    recogniser = Sentences("We agree.")
    recogniser.close(30)
    pool = RecognitionPool(recogniser, room=2, detectors=LoudnessDetector, workers=2)
    stream = pool.open(interims=False)
    stream.feed(sound((0.3, 1), (0, 0.5)))
    await recogniser.taken()
    await heard_all(stream)
    recogniser.open(30)
    async for result in stream.results():
        assert isinstance(result, Final)
        break
    await stream.finish()
    assert await collect(stream) == []
    await pool.close()


@pytest.mark.parametrize(("others", "tail"), [(0, 0.2), (1, 0.3)])
async def test_the_first_hint_of_a_pause_is_enough_while_nobody_else_is_read(
    pool: RecognitionPool, recogniser: ScriptedRecogniser, others: int, tail: float
) -> None:
    recogniser.close(60)
    for _ in range(others):
        pool.open(interims=False).feed(sound((0.6, 1), (0, 0.25)))
        await recogniser.taken()
    stream = pool.open(interims=False)
    stream.feed(sound((0.3, 1), (0, 0.35)))
    await recogniser.taken()
    level, seconds = recogniser.heard[-1]
    assert level == 30
    assert seconds == pytest.approx(1 + tail + 0.3, abs=0.05)


async def test_the_rest_of_a_sentence_that_was_cut_begins_in_lower_case() -> None:
    pool = RecognitionPool(Sentences("The end of a part"), room=2, detectors=LoudnessDetector, workers=2)
    first, second = finals(await say(pool.open(), sound((0.3, 30), (0, 1))))
    assert (first, second) == ("The end of a part", "the end of a part")
    await pool.close()


async def test_a_click_gives_nothing(pool: RecognitionPool) -> None:
    assert await say(pool.open(), sound((0, 1), (0.5, 0.1), (0, 2))) == []


async def test_finish_delivers_everything_though_nobody_was_listening(pool: RecognitionPool) -> None:
    stream = pool.open()
    stream.feed(sound((0.3, 1), (0, 1), (0.6, 1)))
    await stream.finish()
    assert finals(await collect(stream)) == ["level 30", "level 60"]


async def test_the_last_odd_samples_are_heard_too(pool: RecognitionPool, recogniser: ScriptedRecogniser) -> None:
    pcm = sound((0.3, 1)) + b"\xff\x3f\x01\xc0" * 50
    assert finals(await say(pool.open(), pcm)) == ["level 50"]


async def test_a_stream_of_nothing_ends(pool: RecognitionPool) -> None:
    assert await say(pool.open(), b"") == []


async def test_abort_ends_the_results_at_once(pool: RecognitionPool, recogniser: ScriptedRecogniser) -> None:
    recogniser.close(30)
    stream = pool.open()
    reader = asyncio.create_task(collect(stream))
    stream.feed(sound((0.3, 1), (0, 1), (0.6, 1), (0, 1)))
    await recogniser.taken()
    await stream.abort()
    assert finals(await reader) == []
    with pytest.raises(RuntimeError, match="finished"):
        stream.feed(bytes(640))


async def test_feeding_after_finish_is_refused(pool: RecognitionPool) -> None:
    stream = pool.open()
    await stream.finish()
    with pytest.raises(RuntimeError, match="finished"):
        stream.feed(bytes(640))


async def test_an_utterance_that_the_model_fails_on_is_lost_and_said_to_be(
    pool: RecognitionPool, recogniser: ScriptedRecogniser
) -> None:
    recogniser.broken_at = 30
    results = await say(pool.open(), sound((0.6, 1), (0, 1), (0.3, 1), (0, 1), (0.9, 1)))
    first, lost, last = (result for result in results if not isinstance(result, Interim))
    assert finals([first, last]) == ["level 60", "level 90"]
    assert isinstance(lost, Lost)
    assert (lost.start, lost.end) == pytest.approx((1.5, 3.0), abs=0.05)


async def test_sound_that_comes_far_too_fast_is_lost_and_times_stay_true(pool: RecognitionPool) -> None:
    stream = pool.open()
    for _ in range(35):
        stream.feed(sound((0.3, 0.992)))
    stream.feed(sound((0, 1.984), (0.6, 0.992), (0, 0.992)))
    await stream.finish()
    results = [result for result in await collect(stream) if not isinstance(result, Interim)]
    assert any(isinstance(result, Lost) for result in results)
    assert finals(results)[-1] == "level 60"
    assert results[-1].end == pytest.approx(38 * 0.992, abs=0.03)
    covered = sum(result.end - result.start for result in results)
    assert covered == pytest.approx(36.0, abs=1.5)


async def test_utterances_that_pile_up_unread_are_lost(pool: RecognitionPool, recogniser: ScriptedRecogniser) -> None:
    recogniser.close(30)
    stream = pool.open()
    reader = asyncio.create_task(collect(stream))
    for _ in range(25):
        stream.feed(sound((0.3, 9), (0, 1)))
        await heard_all(stream)
    recogniser.open(30)
    await stream.finish()
    lost = [isinstance(result, Lost) for result in await reader if not isinstance(result, Interim)]
    assert len(lost) == 25
    assert lost == sorted(lost)
    assert 4 <= sum(lost) <= 7


async def test_no_more_is_heard_while_nobody_fetches_results(pool: RecognitionPool) -> None:
    stream = pool.open()
    for _ in range(MAX_RESULTS):
        stream.feed(sound((0.3, 0.3), (0, 0.7)))
        await stream.caught_up()
    while len(stream._results) < MAX_RESULTS:
        if stream.waiting < 2:
            stream.feed(sound((0.3, 0.3), (0, 0.7)))
        await asyncio.sleep(0)
    for _ in range(20):
        stream.feed(sound((0.6, 0.3), (0, 0.7)))
        await asyncio.sleep(0)
    assert len(stream._results) <= MAX_RESULTS + 50
    assert stream.waiting > 10
    finishing = asyncio.create_task(stream.finish())
    texts = finals(await collect(stream))
    await finishing
    assert texts[-20:] == ["level 60"] * 20


async def test_a_broken_detector_is_reported_to_the_reader(recogniser: ScriptedRecogniser) -> None:
    pool = RecognitionPool(recogniser, room=2, detectors=BrokenDetector, workers=1)
    stream = pool.open()
    stream.feed(sound((0.3, 1)))
    with pytest.raises(RuntimeError, match="broken"):
        await collect(stream)
    await stream.finish()
    await pool.close()


async def test_there_is_room_for_so_many_and_leaving_makes_room(pool: RecognitionPool) -> None:
    streams = [pool.open() for _ in range(12)]
    with pytest.raises(Overloaded, match="12 people"):
        pool.open()
    await streams[0].finish()
    again = pool.open()
    await streams[1].abort()
    pool.open()
    with pytest.raises(Overloaded):
        pool.open()
    await again.abort()


async def test_who_is_silent_leaves_room_and_who_talks_does_not(
    pool: RecognitionPool, recogniser: ScriptedRecogniser, clock: Clock
) -> None:
    streams = [pool.open(interims=False) for _ in range(12)]
    clock.now += NEWCOMER_SECONDS
    assert pool.taken() < 2
    recogniser.close(30)
    for stream in streams[:2]:
        stream.feed(sound((0.3, 1), (0, 1)))
        await recogniser.taken()
    clock.now += 1.5 * LOAD_SECONDS  # that is how long both workers are busy
    recogniser.open(30)
    for stream in streams[:2]:
        assert isinstance(await anext(stream.results()), Final)
    assert 2 < pool.taken() < 3, "two talk, and however fast they do, they are two"
    for _ in range(9):
        pool.open()
    with pytest.raises(Overloaded, match="12 people"):
        pool.open()
    clock.now += 3 * LOAD_SECONDS
    pool.open()


async def test_a_machine_that_is_behind_says_so_and_takes_nobody(
    pool: RecognitionPool, recogniser: ScriptedRecogniser, clock: Clock
) -> None:
    recogniser.close(30)
    streams = [pool.open() for _ in range(3)]
    assert pool.lag() == 0.0
    for stream in streams:
        stream.feed(sound((0.3, 1), (0, 1)))
        await heard_all(stream)
    clock.now += MAX_LAG_SECONDS + 1
    assert pool.lag() == pytest.approx(MAX_LAG_SECONDS + 1)
    with pytest.raises(Overloaded, match="11 s behind"):
        pool.open()
    recogniser.open(30)
    await asyncio.gather(*(stream.finish() for stream in streams))
    assert pool.lag() == 0.0
    pool.open()


async def test_only_english_is_taken(pool: RecognitionPool) -> None:
    pool.open(language="en-GB")
    with pytest.raises(BadRequest, match="languageCode must be English"):
        pool.open(language="fr-FR")


async def test_many_streams_at_once_do_not_mix(pool: RecognitionPool) -> None:
    async def person(level: int) -> list[str]:
        parts = [(level / 100, 0.5), (0.0, 0.8)] * 5
        return finals(await say(pool.open(), sound(*parts)))

    said = await asyncio.gather(*(person(level) for level in range(20, 80, 5)))
    assert said == [[f"level {level}"] * 5 for level in range(20, 80, 5)]


async def test_closing_aborts_what_is_open(recogniser: ScriptedRecogniser) -> None:
    pool = RecognitionPool(recogniser, room=2, detectors=LoudnessDetector, workers=1)
    stream = pool.open()
    reader = asyncio.create_task(collect(stream))
    stream.feed(sound((0.3, 1)))
    await pool.close()
    assert finals(await reader) == []
    with pytest.raises(Overloaded):
        pool.open()


def test_room_grows_with_cores_and_shrinks_with_the_cost_of_reading() -> None:
    assert room_for(0.05, 2) > room_for(0.1, 2) > room_for(0.4, 2) >= 4
    assert room_for(0.05, 4) == pytest.approx(2 * room_for(0.05, 2), abs=1)
    assert room_for(5.0, 1) == 4
