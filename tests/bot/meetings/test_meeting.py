from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from audio.pcm import seconds
from bot.errors import EngineDown, MissingPermission, StorageError, VoiceError
from bot.meetings.entries import Closed, ConversationKnown, Gap, Line, Note, Opened
from bot.meetings.meeting import MeetingLimits
from bot.meetings.rereading import LOOK, PATIENCE
from bot.meetings.status import SpeakerStatus, State
from bot.streaming.events import ConversationCreated, Dropped, Lost, Regained, SecondLook
from bot.voice.events import Heard, Left, LinkDown, LinkUp, SpeakerHealth
from bot.voice.events import Lost as SoundLost
from tests.bot.fakes import ANA, BEGIN, BOB, ENGINE_IS_DOWN, ENGINE_IS_FULL, FakePublisher, sentence, settle
from tests.bot.meetings.stage import Stage
from wire.base import Person
from wire.conversations import ActionItem
from wire.reports import MessageRef, PageLink, Reading, SectionEntry, Summary, SummaryItem, SummarySection

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


# -- the start


async def test_the_anchor_opens_first_without_speaker_or_sound_then_thread_listener_and_notice(stage: Stage) -> None:
    meeting = await stage.started()
    assert meeting.state is State.LISTENING
    assert stage.engine.anchor.opened
    assert stage.engine.anchor.fed == []
    assert stage.room.titles == ["Weekly"]
    (notice,) = stage.room.notices
    assert stage.room.thread.url in notice
    assert "/privacy object" in notice
    opened = stage.journal(meeting)[0]
    assert opened == Opened(
        meeting_id=meeting.meeting_id,
        guild_id=11,
        voice_channel_id=22,
        thread_id=77,
        title="Weekly",
        started_at=BEGIN.isoformat(),
        connection_id=next(iter(stage.engine.connection_ids)),
    )
    await meeting.abandon()


async def test_with_the_engine_down_nothing_is_opened(stage: Stage) -> None:
    stage.engine.down = ENGINE_IS_DOWN
    meeting = stage.meeting()
    with pytest.raises(EngineDown):
        await meeting.start()
    assert meeting.state is State.FAILED
    assert stage.room.titles == []
    assert stage.unfinished() == []


async def test_when_the_channel_cannot_be_joined_the_thread_says_so_and_nothing_stays_open(stage: Stage) -> None:
    stage.room.listen_error = MissingPermission("I need the permission Connect.")
    meeting = stage.meeting()
    with pytest.raises(MissingPermission):
        await meeting.start()
    assert meeting.state is State.FAILED
    assert stage.engine.anchor.closed
    assert stage.publisher.closed
    (note,) = stage.publisher.added
    assert isinstance(note, Note)
    assert note.text == "The meeting could not begin. I need the permission Connect."
    assert stage.unfinished() == []


async def test_an_unwritable_data_folder_stops_the_start_before_a_thread_is_opened(stage: Stage) -> None:
    (stage.data_dir / "meetings").write_text("in the way")
    with pytest.raises(StorageError, match="DATA_DIR"):
        await stage.started()
    assert stage.room.titles == []
    assert stage.engine.anchor.closed


async def test_a_notice_that_cannot_be_given_is_said_in_the_thread(stage: Stage) -> None:
    stage.room.notice_error = MissingPermission("Send Messages is missing.")
    meeting = await stage.started()
    (note,) = await stage.shown(1)
    assert isinstance(note, Note)
    assert "Send Messages is missing." in note.text
    assert meeting.state is State.LISTENING
    await meeting.abandon()


# -- hearing


async def test_each_person_has_a_stream_of_their_own_in_one_conversation(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    await stage.speak(BOB, 1.05)
    await stage.speak(ANA, 1.1)
    assert [(line.voice.user_id, line.voice.name) for line in stage.engine.lines if line.voice] == [(ANA, "Ana"), (BOB, "Bob")]
    assert len(stage.engine.connection_ids) == 1
    assert [at for at, _ in stage.engine.of(ANA)[0].fed] == pytest.approx([1.0, 1.1])
    await meeting.abandon()


async def test_short_pauses_are_filled_and_of_long_ones_only_their_end(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0, 1.0)
    await stage.speak(ANA, 5.0, 1.0)
    await stage.speak(ANA, 20.0, 1.0)
    (line,) = stage.engine.of(ANA)
    assert [(round(at, 2), round(seconds(pcm), 2)) for at, pcm in line.fed] == [(1, 1), (2, 3), (5, 1), (19.5, 0.5), (20, 1)]
    await meeting.abandon()


async def test_times_follow_the_listeners_clock_not_the_delay_of_its_delivery(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.clock.advance(3.0)
    for at, delay in ((1.0, 0.4), (1.5, 0.1), (2.0, 0.3)):
        # The listener began two seconds into the meeting.
        await stage.clock.advance(2.0 + at + delay - stage.clock.time)
        stage.room.listener.speak(ANA, at, 0.5)
        await settle()
    (line,) = stage.engine.of(ANA)
    assert [round(at, 3) for at, _ in line.fed][1:] == [3.9, 4.4]
    assert [seconds(pcm) for _, pcm in line.fed] == [0.5] * 3
    await meeting.abandon()


async def test_a_stream_is_closed_after_a_minute_of_silence_and_reopened_at_the_next_word(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    await stage.clock.advance(59)
    assert not stage.engine.of(ANA)[0].stopped
    await stage.clock.advance(5)
    assert stage.engine.of(ANA)[0].stopped
    await stage.speak(ANA, 100.0)
    first, second = stage.engine.of(ANA)
    assert second.opened
    assert second.voice == first.voice
    assert len(stage.engine.connection_ids) == 1
    await meeting.abandon()


async def test_a_stream_is_finished_when_its_speaker_leaves(stage: Stage) -> None:
    meeting = await stage.started()
    stage.engine.last_words[ANA] = [sentence("k", ANA, "I have to go.", 1.0)]
    await stage.speak(ANA, 1.0)
    stage.room.listener.tell(Left(ANA, 2.0))
    (line,) = await stage.shown(1)
    assert isinstance(line, Line)
    assert line.text == "I have to go."
    assert stage.engine.of(ANA)[0].stopped
    assert meeting.state is State.LISTENING
    await meeting.abandon()


async def test_a_stream_that_the_engine_refuses_is_told_once_and_tried_again(stage: Stage) -> None:
    meeting = await stage.started()
    stage.engine.down = ENGINE_IS_FULL
    await stage.speak(ANA, 1.0)
    await stage.clock.advance(10.0)
    (note,) = await stage.shown(1)
    assert isinstance(note, Note)
    assert note.text == "Ana cannot be transcribed at the moment; I keep trying. The engine has no room."
    assert not meeting.status().engine_alive
    stage.engine.down = None
    await stage.clock.advance(5.0)
    assert stage.engine.of(ANA)[0].opened
    assert meeting.status().engine_alive
    await meeting.abandon()


# -- what is said


async def test_a_sentence_is_journaled_then_shown_once_however_many_sockets_tell_it(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    await stage.speak(BOB, 1.0)
    await stage.clock.advance(5.0)
    stage.engine.say(sentence("k1", ANA, "Good morning.", 1.5, 2.25))
    stage.engine.say(sentence("k2", BOB, "Hello.", 3.0))
    shown = await stage.shown(2)
    await settle()
    assert shown == [
        Line(key="k1", user_id=ANA, name="Ana", start=1.5, end=2.25, text="Good morning."),
        Line(key="k2", user_id=BOB, name="Bob", start=3.0, end=4.0, text="Hello."),
    ]
    assert [entry for entry in stage.journal(meeting) if isinstance(entry, Line)] == shown
    assert ConversationKnown(conversation_id="5103365432579787") in stage.journal(meeting)
    await meeting.abandon()


async def test_sound_that_was_held_while_the_engine_was_away_keeps_its_place(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 5.0)
    await stage.clock.advance(40.0)
    late = sentence("k1", ANA, "Said long ago.", 40.0, 42.0)
    stage.engine.of(ANA)[0].held[late.start] = 5.0
    stage.engine.say(late)
    (line,) = await stage.shown(1)
    assert isinstance(line, Line)
    assert (line.start, line.end) == (5.0, 7.0)
    await meeting.abandon()


async def test_nothing_is_told_before_it_was_said(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.clock.advance(10.0)
    stage.engine.say(sentence("k1", ANA, "The engine's clock is ahead.", 30.0, 32.0))
    (line,) = await stage.shown(1)
    assert isinstance(line, Line)
    assert (line.start, line.end) == (8.0, 10.0)
    await meeting.abandon()


async def test_lost_sound_becomes_one_gap_line(stage: Stage) -> None:
    meeting = await stage.started()
    for at in (1.0, 2.0, 3.0):
        await stage.clock.advance(1.0)
        stage.room.listener.tell(SoundLost(ANA, at, 0.5, "packets were lost"))
    await settle()
    await stage.clock.advance(6.0)
    (gap,) = await stage.shown(1)
    assert gap == Gap(key="gap-1", user_id=ANA, name="Ana", start=1.0, seconds=1.5, reason="packets were lost")
    await meeting.abandon()


async def test_sound_that_never_reached_the_engine_becomes_a_gap_line_of_its_speaker(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(BOB, 1.0)
    stage.engine.of(BOB)[0].tell(Dropped(1.0, 3.2, "the speech engine was away"))
    await stage.clock.advance(10.0)
    (gap,) = await stage.shown(1)
    assert isinstance(gap, Gap)
    assert (gap.name, gap.start, gap.seconds) == ("Bob", 1.0, 3.2)
    await meeting.abandon()


async def test_lost_connections_are_told_in_the_thread(stage: Stage) -> None:
    meeting = await stage.started()
    stage.room.listener.tell(LinkDown(0.0, "server moved"))
    await settle()
    await stage.clock.advance(20.0)
    stage.room.listener.tell(LinkUp(20.0))
    stage.engine.anchor.tell(Lost("gone"))
    await settle()
    await stage.clock.advance(5.0)
    stage.engine.anchor.tell(Regained(5.0))
    shown = await stage.shown(3)
    assert [entry.text for entry in shown if isinstance(entry, Note)] == [
        "The voice connection has been lost for 15 s; I keep trying to get it back.",
        "The voice connection is back after 20 s.",
        "The connection to the speech engine was lost for 5.0 s.",
    ]
    await meeting.abandon()


async def test_a_bot_that_looks_fine_and_hears_nothing_says_so(stage: Stage) -> None:
    meeting = await stage.started()
    for second in range(130):
        speakers = (SpeakerHealth(ANA, undecryptable=50 * second),)
        stage.room.listener.state = replace(stage.room.listener.state, speakers=speakers)
        await stage.clock.advance(1.0)
    (note,) = await stage.shown(1)
    assert isinstance(note, Note)
    assert "nothing is being transcribed" in note.text
    await meeting.abandon()


# -- who said no


async def test_who_said_no_is_refused_before_anything_else_and_never_appears(stage: Stage) -> None:
    meeting = await stage.started(frozenset({ANA}))
    assert stage.room.listener.refused == {ANA}
    await stage.speak(ANA, 1.0)
    await stage.speak(BOB, 1.0)
    assert stage.engine.of(ANA) == []
    stage.engine.say(sentence("k1", ANA, "Secret.", 1.0))
    stage.engine.say(sentence("k2", BOB, "Public.", 1.0))
    stage.engine.items = [
        ActionItem(id="1", text="Ana tells.", from_=Person(user_id=str(ANA))),
        ActionItem(id="2", text="Bob tells.", from_=Person(user_id=str(BOB))),
    ]
    await meeting.stop("done")
    assert [entry.key for entry in stage.publisher.added] == ["k2"]
    assert [item.id for item in stage.publisher.results[0].action_items] == ["2"]
    assert not any(isinstance(entry, Line) and entry.user_id == ANA for entry in stage.journal(meeting))


async def test_saying_no_in_the_middle_ends_the_stream_at_once(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    await meeting.refuse(ANA)
    (line,) = stage.engine.of(ANA)
    assert line.closed
    assert not line.stopped
    await stage.speak(ANA, 2.0)
    assert len(stage.engine.of(ANA)) == 1
    meeting.accept(ANA)
    assert stage.room.listener.refused == set()
    await stage.speak(ANA, 3.0)
    assert len(stage.engine.of(ANA)) == 2
    await meeting.abandon()


# -- the end


async def test_the_whole_end(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    await stage.speak(BOB, 2.0)
    stage.engine.say(sentence("k1", ANA, "Good morning.", 1.0))
    stage.engine.say(sentence("missed", BOB, "Nobody told me.", 4.0), told=False)
    stage.engine.last_words[ANA] = [sentence("k2", ANA, "I will send it.", 9.0)]
    stage.engine.items = [ActionItem(id="1", text="Ana will send it.", message_ids=["9002"], from_=Person(user_id=str(ANA)))]
    stage.room.listener.held = [Heard(ANA, 9.0, b"\1\0" * 1600)]
    await stage.clock.advance(10.0)
    await meeting.stop("stopped by Ana")
    assert meeting.state is State.ENDED
    assert stage.engine.of(ANA)[0].fed[-1][1] == b"\1\0" * 1600
    assert [line.stopped for line in stage.engine.lines] == [True, True, True]
    (result,) = stage.publisher.results
    assert [(entry.key, entry.text) for entry in result.entries if isinstance(entry, Line)] == [
        ("k1", "Good morning."),
        ("9001", "Nobody told me."),
        ("k2", "I will send it."),
    ]
    assert {entry.key for entry in stage.publisher.added} == {"k1", "k2", "9001"}
    assert result.links == {"9000": "k1", "9001": "9001", "9002": "k2"}
    assert result.entries[1] == Line(key="9001", user_id=BOB, name="Bob", start=4.0, end=5.0, text="Nobody told me.")
    assert (result.conversation_id, result.reason, result.seconds) == ("5103365432579787", "stopped by Ana", 12.0)
    assert [topic.text for topic in result.topics] == ["release plan"]
    assert [item.text for item in result.action_items] == ["Ana will send it."]
    assert result.failure is None
    assert stage.journal(meeting)[-1] == Closed(at=12.0, reason="stopped by Ana")
    assert stage.publisher.closed
    assert stage.unfinished() == []


async def test_the_anchor_stops_after_all_others(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    stage.engine.last_words[ANA] = [sentence("k", ANA, "Bye.", 1.0)]
    await meeting.stop("done")
    # The anchor was still open when the last word came, and told it.
    assert [entry.key for entry in stage.publisher.added] == ["k"]
    assert stage.engine.anchor.stopped


async def test_with_the_engine_gone_the_transcript_and_a_sentence_about_it_remain(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    stage.engine.say(sentence("k1", ANA, "Good morning.", 1.0))
    await stage.shown(1)
    stage.engine.down = ENGINE_IS_DOWN
    await meeting.stop("done")
    assert meeting.state is State.ENDED
    (result,) = stage.publisher.results
    assert [entry.key for entry in result.entries] == ["k1"]
    assert result.failure is not None
    assert "engine was gone at the end" in result.failure
    assert "Not everything could be read" in result.failure
    assert stage.unfinished() == []


async def test_an_engine_that_began_anew_has_two_conversations_and_both_are_read(stage: Stage) -> None:
    meeting = await stage.started()
    stage.engine.say(sentence("k1", ANA, "Before.", 1.0), told=False)
    await settle()
    stage.engine.conversation_id = "2"
    stage.engine.anchor.tell(ConversationCreated("2"))
    stage.engine.say(sentence("k2", ANA, "After.", 5.0), told=False)
    await settle()
    await meeting.stop("done")
    (result,) = stage.publisher.results
    assert [entry.text for entry in result.entries if isinstance(entry, Line)] == ["Before.", "After."]
    assert result.conversation_id == "2"


def quoted(text: str, *message_ids: str) -> SummaryItem:
    return SummaryItem(id=text, text=text, message_refs=[MessageRef(id=message_id) for message_id in message_ids])


async def test_the_summary_leaves_out_what_people_said_who_object(stage: Stage) -> None:
    meeting = await stage.started()
    for key, user_id, text in (("s1", ANA, "We ship on Friday."), ("s2", BOB, "I am against it.")):
        stage.engine.say(sentence(key, user_id, text, 1.0))
    own, others = quoted("Ana: We ship on Friday.", "9000"), quoted("Bob is against it.", "9000", "9001")
    decided = SummarySection(
        name="decided",
        title="Decided",
        items=[SectionEntry(text=one.text, message_refs=one.message_refs) for one in (own, others)],
    )
    stage.engine.digest = Summary(summary=[own, others], sections=[decided, decided.model_copy(update={"name": "to_do"})])
    stage.engine.digest.sections[1].items = decided.items[1:]
    await meeting.refuse(BOB)
    await meeting.stop("stopped")

    [result] = stage.publisher.results
    assert result.summary is not None
    assert [item.text for item in result.summary.summary] == [own.text]
    assert [(section.name, [item.text for item in section.items]) for section in result.summary.sections] == [
        ("decided", [own.text])
    ]


@pytest.mark.parametrize(("speaker", "linked"), [(ANA, True), (BOB, False)])
async def test_a_page_that_would_show_the_words_of_who_objects_is_not_linked(stage: Stage, speaker: int, *, linked: bool) -> None:
    stage.engine.link = PageLink(url="https://minutes.example/#conversation/1/t", expires="2026-01-12T09:00:00.000Z")
    meeting = await stage.started()
    stage.engine.say(sentence("s1", speaker, "I am against it.", 1.0))
    await meeting.refuse(BOB)
    await meeting.stop("stopped")
    [result] = stage.publisher.results
    assert (result.page is not None) == linked


def reads(progress: float) -> Reading:
    return Reading(status="in_progress", model="small", made_by="local", progress=progress)


READ = Reading(status="completed", model="small", made_by="language_model")


async def test_the_summary_waits_for_a_language_model_and_says_so_once(stage: Stage) -> None:
    meeting = await stage.started()
    stage.engine.readings = [*map(reads, (0.0, 0.1, 0.2, 0.3, 0.4)), READ]
    stopping = asyncio.create_task(meeting.stop("stopped"))
    await settle()
    for _ in range(3):
        assert stage.publisher.added == []
        await stage.clock.advance(LOOK)
    await stage.shown(1)
    assert stage.publisher.results == []
    assert meeting.status().reading == reads(0.3)
    await stage.clock.advance(2 * LOOK)
    await stopping
    [result] = stage.publisher.results
    assert result.reading == READ
    notes = [entry.text for entry in result.entries if isinstance(entry, Note)]
    [note] = notes
    assert note.startswith("small reads the meeting now; the summary follows when it is done.")


async def test_a_language_model_is_not_waited_for_without_end(stage: Stage) -> None:
    meeting = await stage.started()
    stage.engine.readings = [reads(0.1)]
    stopping = asyncio.create_task(meeting.stop("stopped"))
    await settle()
    for _ in range(1 + round(PATIENCE / LOOK)):
        await stage.clock.advance(LOOK)
    await stopping
    [result] = stage.publisher.results
    assert result.reading == reads(0.1)


async def test_a_bot_that_shuts_down_does_not_wait_for_a_language_model(stage: Stage) -> None:
    meeting = await stage.started()
    stage.engine.readings = [reads(0.1)]
    stopping = asyncio.create_task(meeting.stop("stopped"))
    await settle()
    meeting.hurry()
    await stage.clock.advance(LOOK)
    await stopping
    assert meeting.state is State.ENDED


async def test_a_meeting_without_a_word_has_no_summary_and_no_complaint(stage: Stage) -> None:
    meeting = await stage.started()
    await meeting.stop("stopped")

    [result] = stage.publisher.results
    assert (result.summary, result.failure) == (None, None)


async def test_a_summary_that_cannot_be_posted_leaves_the_meeting_to_the_recovery(stage: Stage) -> None:
    def breaks(publisher: FakePublisher) -> None:
        publisher.summary_error = VoiceError("Discord is away.")

    stage.publishers.prepare = breaks
    meeting = await stage.started()
    await meeting.stop("done")
    assert meeting.state is State.FAILED
    assert meeting.failure == "Discord is away."
    assert stage.unfinished() == [meeting.meeting_id]


async def test_many_may_ask_to_stop_and_the_first_reason_counts(stage: Stage) -> None:
    meeting = await stage.started()
    await asyncio.gather(meeting.stop("first"), meeting.stop("second"))
    await meeting.stop("third")
    assert [result.reason for result in stage.publisher.results] == ["first"]


async def test_a_channel_without_people_ends_the_meeting_after_a_minute(stage: Stage) -> None:
    meeting = await stage.started()
    stage.room.listener.state = replace(stage.room.listener.state, people=0)
    await stage.clock.advance(55.0)
    assert meeting.state is State.LISTENING
    await stage.clock.advance(10.0)
    await meeting.wait()
    assert stage.publisher.results[0].reason == "everybody had left the voice channel"


async def test_no_meeting_is_longer_than_the_longest(stage: Stage) -> None:
    stage.limits = MeetingLimits(longest=3600.0 / 2)
    meeting = await stage.started()
    await stage.clock.advance(1801.0)
    await meeting.wait()
    assert stage.publisher.results[0].reason == "it had lasted 0.5 hours, the longest that a meeting may take"


async def test_a_voice_connection_lost_for_good_ends_the_meeting(stage: Stage) -> None:
    meeting = await stage.started()
    stage.room.listener.lose_connection()
    await meeting.wait()
    assert stage.publisher.results[0].reason == "the voice connection was lost for good"


async def test_abandoned_meetings_stay_unfinished(stage: Stage) -> None:
    meeting = await stage.started()
    await stage.speak(ANA, 1.0)
    await meeting.abandon()
    await meeting.abandon()
    assert meeting.state is State.FAILED
    assert stage.publisher.results == []
    assert all(line.closed for line in stage.engine.lines)
    assert stage.unfinished() == [meeting.meeting_id]


async def test_the_status_says_who_is_heard_and_how_well(stage: Stage) -> None:
    meeting = stage.meeting()
    assert meeting.status().state is State.STARTING
    await meeting.start()
    await stage.speak(ANA, 1.0, 0.5)
    await stage.speak(BOB, 2.0, 1.0)
    stage.room.listener.state = replace(
        stage.room.listener.state, speakers=(SpeakerHealth(ANA, received=90, missing=10), SpeakerHealth(BOB, received=100))
    )
    await stage.clock.advance(8.0)
    stage.engine.say(sentence("k1", ANA, "Good morning everybody.", 1.0, 9.25))
    await stage.shown(1)
    status = meeting.status()
    assert status.speakers == (SpeakerStatus(ANA, "Ana", 8.5, 1), SpeakerStatus(BOB, "Bob", 7.0, 0))
    assert (status.lines, status.words, status.seconds) == (1, 3, 10.0)
    assert status.loss == pytest.approx(0.05)
    assert status.engine_lag == pytest.approx(0.75)
    assert (status.thread_url, status.conversation_id) == (stage.room.thread.url, "5103365432579787")
    assert status.engine_alive
    await meeting.stop("done")
    assert meeting.status().state is State.ENDED


async def test_a_second_look_that_takes_long_is_said_once(stage: Stage) -> None:
    meeting = await stage.started()
    for done in (0, 12, 30):
        stage.engine.anchor.tell(SecondLook(done, 40))
    await settle()
    notes = [entry.text for entry in await stage.shown(1) if isinstance(entry, Note)]
    assert notes == ["I read again what was hard to understand: 12 of 40 lines so far. The summary follows."]
    await meeting.abandon()
