"""The stage of the demo: people hold a recorded meeting while a bot listens, and what it posted is compared with the script."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError
from sandbox.people.script import play
from sandbox.transcript import read_transcript
from sandbox.verdict import Said, judge
from sandbox.voice.server import VoiceServer

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.app import Sandbox
    from sandbox.models import Message, Thread
    from sandbox.people.script import Meeting
    from sandbox.screen import Screen
    from sandbox.verdict import Verdict

BOT_SECONDS = 240.0
"""For the bot to connect and register its commands, its engine's start included."""
ANSWER_SECONDS = 60.0
END_SECONDS = 180.0
"""For the summary to be complete after `/meeting stop`."""
_BREATH = 1.5
"""Seconds between the last word and the command that ends the meeting."""
_QUIET = 2.0
"""Seconds without a message after which nothing more is expected."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is played, and who comes late or leaves early (speakers, as in `meeting.names`)."""

    meeting: Meeting
    late: str | None = None
    early: str | None = None

    def arrivals(self) -> dict[str, int]:
        """The first turn of who comes late: theirs nearest to the middle of the meeting, from there on."""
        return {self.late: self._turns(self.late, second_half=True)[0]} if self.late else {}

    def departures(self) -> dict[str, int]:
        """The last turn of who leaves early: their last one before the middle of the meeting."""
        return {self.early: self._turns(self.early, second_half=False)[-1]} if self.early else {}

    def _turns(self, speaker: str, *, second_half: bool) -> list[int]:
        middle = len(self.meeting.turns) / 2
        turns = [each.number for each in self.meeting.turns if each.speaker == speaker]
        part = [number for number in turns if (number >= middle) == second_half]
        if not part:
            half = "second" if second_half else "first"
            raise SandboxError(f"{self.meeting.names[speaker]} says nothing in the {half} half of the meeting.")
        return part


class Stage:
    """One performance in a sandbox whose people are given by `seat`."""

    def __init__(self, sandbox: Sandbox, script: Script, screen: Screen, out: Path) -> None:
        if not isinstance(sandbox.voice, VoiceServer):
            raise SandboxError("a meeting can only be played on the sandbox's own voice server")
        self._sandbox = sandbox
        self._voice = sandbox.voice
        self._script = script
        self._screen = screen
        self._out = out
        self._room = sandbox.meeting_room.id
        known = sandbox.people
        self._people = {
            speaker: (known[name] if name in known else sandbox.world.add_person(name)).id
            for speaker, name in script.meeting.names.items()
        }

    async def seat(self) -> None:
        """Let everybody sit down who is there from the beginning."""
        for speaker, user_id in self._people.items():
            if speaker != self._script.late:
                await self._sandbox.join(user_id, self._room)

    async def perform(self) -> Verdict:
        """Wait for the bot, hold the meeting, wait for the summary, judge. Raises SandboxError with what did not come."""
        follower = asyncio.create_task(self._screen.follow())
        try:
            thread = await self._begin()
            await self._meet()
            await self._end(thread)
        finally:
            follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await follower
        return self._judge(thread)

    async def _begin(self) -> Thread:
        self._screen.say("waiting for the bot to connect ...")
        try:
            await self._sandbox.ready(within=BOT_SECONDS)
        except TimeoutError:
            raise SandboxError(f"The bot did not connect and register its commands within {BOT_SECONDS:.0f} s.") from None
        title = self._script.meeting.title
        self._screen.say(f"{self._sandbox.owner.display_name}: /meeting start channel:Meeting room title:{title}")
        before = len(self._sandbox.threads())
        answer = await self._command("meeting start", {"channel": self._room, "title": title})
        state = self._sandbox.world.guild.voice_states.get(self._sandbox.bot.id)
        if state is None or state.channel_id != self._room:
            raise SandboxError(f"The bot did not come into the voice channel; it answered: {answer}")
        threads = [each for each in self._sandbox.threads()[before:] if each.owner_id == self._sandbox.bot.id]
        if not threads:
            raise SandboxError(f"The bot opened no thread; it answered: {answer}")
        hears = "dave.ready" if self._voice.dave else "voice.ready"
        try:
            await self._sandbox.log.wait(
                hears, where=lambda event: event["user_id"] == self._sandbox.bot.id, within=ANSWER_SECONDS
            )
        except TimeoutError:
            raise SandboxError("The bot did not establish its encrypted voice session.") from None
        return threads[0]

    async def _meet(self) -> None:
        self._screen.say("the meeting begins")
        await play(
            self._script.meeting,
            self._voice,
            self._room,
            self._people,
            join_late=self._script.arrivals(),
            leave_early=self._script.departures(),
            join=lambda user_id: self._sandbox.join(user_id, self._room),
            leave=self._sandbox.leave,
        )
        await asyncio.sleep(_BREATH)

    async def _end(self, thread: Thread) -> None:
        self._screen.say(f"{self._sandbox.owner.display_name}: /meeting stop")
        await self._command("meeting stop", {}, within=END_SECONDS)
        try:
            await self._sandbox.wait_for_message(thread.id, where=lambda each: bool(each.attachments), within=END_SECONDS)
        except TimeoutError:
            raise SandboxError("No summary with the transcript attached came into the thread.") from None
        with contextlib.suppress(TimeoutError):
            while True:
                await self._sandbox.wait_for_message(after=len(self._sandbox.log.events), within=_QUIET)

    async def _command(self, path: str, options: dict[str, str | int], *, within: float = ANSWER_SECONDS) -> str:
        run = self._sandbox.slash(path, options=options)
        try:
            reply = await run.reply(within=within)
        except TimeoutError:
            raise SandboxError(f"The bot did not answer /{path} within {within:.0f} s.") from None
        return reply.content

    def _judge(self, thread: Thread) -> Verdict:
        """Compare the thread with the turns that were really played, and keep what was attached."""
        meeting = self._script.meeting
        played = {event["number"] for event in self._sandbox.log.of("people.turn")}
        script = [
            Said(meeting.names[each.speaker], each.text, each.start, each.end) for each in meeting.turns if each.number in played
        ]
        messages = [each for each in self._sandbox.messages(thread.id) if each.author_id == self._sandbox.bot.id]
        verdict = judge(script, read_transcript(each.content for each in messages))
        self._screen.verdict(verdict, self._save(messages, verdict))
        return verdict

    def _save(self, messages: list[Message], verdict: Verdict) -> list[Path]:
        """Write the attachments, the thread and the figures into the folder; gives the attachments' paths."""
        self._out.mkdir(parents=True, exist_ok=True)
        paths: list[Path] = []
        for attachment in [each for message in messages for each in message.attachments]:
            paths.append(self._out / attachment.filename.replace("/", "_").replace("\\", "_"))
            paths[-1].write_bytes(attachment.data)
        (self._out / "thread.json").write_text(
            json.dumps([each.content for each in messages], ensure_ascii=False, indent=1), encoding="utf-8"
        )
        figures = {
            "word_error_rate": round(verdict.overall.rate, 4),
            "speakers": {name: round(errors.rate, 4) for name, errors in verdict.errors.items()},
            "turns": sum(verdict.turns.values()),
            "misplaced": len(verdict.misplaced),
            "missing": len(verdict.missing),
            "untimely": verdict.untimely,
            "worst_time_error": round(max(verdict.time_errors, default=0.0), 1),
        }
        (self._out / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
        return paths
