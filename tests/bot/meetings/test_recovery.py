"""A bot that was killed at the worst moments: journals as it left them, a thread as Discord has it, the real publisher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.clock import SystemClock
from bot.errors import VoiceError
from bot.meetings.entries import Closed, ConversationKnown, Ended, Line, Note, Opened, Posted, Posting
from bot.meetings.journal import DiskFile, Journal, journal_path, read
from bot.meetings.recovery import GIVE_UP, Recovery
from bot.publish.archive import Archive
from bot.publish.lines import drafts
from bot.publish.publisher import ThreadPublisher
from tests.bot.fakes import ANA, BEGIN, BOB, ENGINE_IS_DOWN, FakeClock, FakeDirectory, FakeEngine, FakeRoom, FakeThread, sentence
from tests.bot.publish.fakes import NoMenus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.errors import StorageError
    from bot.meetings.entries import Entry, Spoken
    from bot.meetings.ports import JournalWriter, Publisher, Room, Thread

OPENED = Opened(
    meeting_id="m1",
    guild_id=11,
    voice_channel_id=22,
    thread_id=77,
    title="Weekly",
    started_at=BEGIN.isoformat(),
    connection_id="c",
)
KNOWN = ConversationKnown(conversation_id="5103365432579787")
ONE = Line(key="k1", user_id=ANA, name="Ana", start=1, end=2, text="The first sentence.")
TWO = Line(key="k2", user_id=BOB, name="Bob", start=60, end=61, text="The second sentence.")


class Crashed:
    """What a crash left: a journal on disk and posts in the thread."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.path = journal_path(data_dir, "m1")
        self.room = FakeRoom()
        self.engine = FakeEngine()
        self.clock = FakeClock()
        self.clock.time = 3600.0

    @property
    def thread(self) -> FakeThread:
        return self.room.thread

    async def journal(self, *entries: Entry) -> None:
        journal = Journal(DiskFile(self.path), _raise)
        await journal.append(*entries)
        await journal.close()

    async def post(self, *entries: Spoken, journaled: bool) -> None:
        """A message that arrived, with or without the note that it did."""
        for draft in drafts(entries):
            posting = Posting(post_key=draft.key, keys=list(draft.keys), content=draft.text)
            await self.journal(posting)
            post = await self.thread.send(draft.text, key=draft.key)
            if journaled:
                posted = Posted(post_key=draft.key, keys=list(draft.keys), message_id=post.message_id, url=post.url)
                await self.journal(posted)

    async def recover(self, refused: frozenset[int] = frozenset(), room: FakeRoom | None = None) -> bool:
        def publisher(room: Room, thread: Thread, journal: JournalWriter, history: Sequence[Entry]) -> Publisher:
            archive = Archive(self.data_dir)
            return ThreadPublisher(room, thread, journal, history, clock=SystemClock(), archive=archive, menus=NoMenus())

        recovery = Recovery(self.engine, publisher, FakeDirectory(room or self.room), self.clock)
        return await recovery.complete(self.path, refused) is not None

    def said(self, text: str) -> int:
        return self.thread.text.count(text)


def _raise(error: StorageError) -> None:
    raise error


@pytest.fixture
def crashed(tmp_path: Path) -> Crashed:
    return Crashed(tmp_path)


async def test_killed_between_line_and_posting(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE, TWO)
    assert await crashed.recover()
    assert (crashed.said(ONE.text), crashed.said(TWO.text)) == (1, 1)
    assert crashed.thread.text.index(ONE.text) < crashed.thread.text.index(TWO.text)
    assert "interrupted" in crashed.thread.text
    assert isinstance(read(crashed.path)[-1], Closed)


async def test_killed_after_the_message_arrived_and_before_that_was_noted(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE)
    await crashed.post(ONE, journaled=False)
    await crashed.journal(TWO)
    assert await crashed.recover()
    assert (crashed.said(ONE.text), crashed.said(TWO.text)) == (1, 1)
    noted = [entry.keys for entry in read(crashed.path) if isinstance(entry, Posted)]
    assert noted[0] == ["k1"]


async def test_killed_before_the_message_arrived(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE, Posting(post_key="p", keys=["k1"], content="never arrived"))
    assert await crashed.recover()
    assert crashed.said(ONE.text) == 1


async def test_what_was_posted_is_not_said_again(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE)
    await crashed.post(ONE, journaled=True)
    await crashed.journal(TWO)
    assert await crashed.recover()
    assert (crashed.said(ONE.text), crashed.said(TWO.text)) == (1, 1)


async def test_killed_again_while_recovering(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE, TWO)
    assert await crashed.recover()
    whole = crashed.path.read_bytes().splitlines(keepends=True)
    posts = list(crashed.thread.posts)
    for kept in range(4, len(whole)):
        crashed.path.write_bytes(b"".join(whole[:kept]))
        sent = sum(isinstance(entry, Posting) for entry in read(crashed.path))
        # Of the messages that were being sent, the last one arrived or it did not.
        for arrived in {sent, max(0, sent - 1)} if isinstance(read(crashed.path)[-1], Posting) else {sent}:
            crashed.path.write_bytes(b"".join(whole[:kept]))
            crashed.thread.posts[:] = posts[:arrived]
            assert await crashed.recover()
            assert [post.content for post in crashed.thread.posts] == [post.content for post in posts]


async def test_a_crash_after_the_meeting_had_ended_adds_no_word_of_an_interruption(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE)
    await crashed.post(ONE, journaled=True)
    await crashed.journal(Ended(at=700, reason="stopped by Ana"))
    assert await crashed.recover()
    assert "interrupted" not in crashed.thread.text
    assert "stopped by Ana" in crashed.thread.text
    assert read(crashed.path)[-1] == Closed(at=700, reason="stopped by Ana")


async def test_what_the_engine_heard_and_the_bot_did_not_live_to_write_is_added(crashed: Crashed) -> None:
    crashed.engine.say(sentence("k1", ANA, ONE.text, 1, 2))
    crashed.engine.say(sentence("k9", BOB, "Said while the bot was dying.", 70))
    await crashed.journal(OPENED, KNOWN, ONE)
    assert await crashed.recover()
    assert crashed.said("Said while the bot was dying.") == 1
    assert crashed.said(ONE.text) == 1
    lines = [entry for entry in read(crashed.path) if isinstance(entry, Line)]
    assert [line.name for line in lines] == ["Ana", "Bob"]


async def test_who_said_no_stays_out_of_what_is_added(crashed: Crashed) -> None:
    crashed.engine.say(sentence("k9", BOB, "Not for you.", 70))
    await crashed.journal(OPENED, KNOWN, ONE)
    assert await crashed.recover(frozenset({BOB}))
    assert crashed.said("Not for you.") == 0


async def test_without_the_engine_the_lines_are_still_posted(crashed: Crashed) -> None:
    crashed.engine.down = ENGINE_IS_DOWN
    await crashed.journal(OPENED, KNOWN, ONE)
    assert await crashed.recover()
    assert crashed.said(ONE.text) == 1
    assert [file.name for file in crashed.thread.files] == ["transcript.md"]
    assert isinstance(read(crashed.path)[-1], Closed)


async def test_a_torn_journal_loses_only_the_torn_line(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE, TWO)
    crashed.path.write_bytes(crashed.path.read_bytes()[:-20])
    assert await crashed.recover()
    assert (crashed.said(ONE.text), crashed.said(TWO.text)) == (1, 0)


async def test_a_journal_that_does_not_know_its_meeting_is_closed(crashed: Crashed) -> None:
    await crashed.journal(ONE)
    assert not await crashed.recover()
    assert crashed.thread.posts == []
    assert isinstance(read(crashed.path)[-1], Closed)


async def test_a_thread_that_cannot_be_found_is_tried_again_for_a_week(crashed: Crashed) -> None:
    await crashed.journal(OPENED, KNOWN, ONE, Note(key="n", at=3.0, text="x"))
    elsewhere = FakeRoom(thread=FakeThread(99))
    assert not await crashed.recover(room=elsewhere)
    assert not isinstance(read(crashed.path)[-1], Closed)
    crashed.clock.time = GIVE_UP + 1
    assert not await crashed.recover(room=elsewhere)
    assert read(crashed.path)[-1] == Closed(at=GIVE_UP + 1, reason="its channel or thread is gone")


async def test_a_thread_that_cannot_be_asked_leaves_the_journal_for_the_next_start(crashed: Crashed) -> None:
    class Unreadable(FakeThread):
        async def recent(self, limit: int) -> list[object]:  # type: ignore[override] # it never returns
            raise VoiceError("Discord is away.")

    await crashed.journal(OPENED, KNOWN, ONE)
    await crashed.post(ONE, journaled=False)
    with pytest.raises(VoiceError):
        await crashed.recover(room=FakeRoom(thread=Unreadable()))
    assert not isinstance(read(crashed.path)[-1], Closed)
    assert await crashed.recover()
    assert crashed.said(ONE.text) == 1
