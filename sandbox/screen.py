"""The terminal of the demo: messages as they are posted, and the verdict at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sandbox.markdown import render
from sandbox.models import ChannelKind, MessageKind, Thread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from sandbox.app import Sandbox
    from sandbox.models import Message
    from sandbox.verdict import Verdict

_SYSTEM = {MessageKind.THREAD_CREATED, MessageKind.THREAD_STARTER_MESSAGE}


class Screen:
    """Writes to a console. `voices` are the names of the people who speak, for their colours."""

    def __init__(self, console: Console, sandbox: Sandbox, voices: Sequence[str]) -> None:
        self._console = console
        self._sandbox = sandbox
        self._voices = tuple(voices)
        self._last_place = 0

    def say(self, text: str) -> None:
        """What is happening."""
        self._console.print(Text(text, "dim"))

    async def follow(self) -> None:
        """Show every message of the bot, until cancelled."""
        seen = 0
        while True:
            event = await self._sandbox.log.wait("message.create", after=seen, within=float("inf"))
            seen = self._sandbox.log.events.index(event, seen) + 1
            place_id, number = event["channel_id"], event["message_id"]
            for message in self._sandbox.messages(place_id) if isinstance(place_id, int) else []:
                if message.id == number and message.author_id == self._sandbox.bot.id:
                    self.show(message)

    def show(self, message: Message) -> None:
        """One message, with its place above it when that has changed."""
        if message.kind in _SYSTEM:
            return
        if message.channel_id != self._last_place:
            self._last_place = message.channel_id
            self._console.print()
            self._console.print(Rule(Text(self._title(message.channel_id), "bold"), align="left", style="dim"))
        names = {each.user.id: each.display_name for each in self._sandbox.world.guild.members.values()}
        guild = self._sandbox.world.guild
        names |= {each.id: f"#{each.name}" for each in guild.channels.values()}
        names |= {each.id: f"#{each.name}" for each in guild.threads.values()}
        body = render(message.content, names, voices=self._voices)
        for attachment in message.attachments:
            body.append(f"\n📎 {attachment.filename} ({len(attachment.data):,} bytes)", "bold")
        self._console.print(Padding(body, (0, 0, 0, 2), expand=False))

    def verdict(self, verdict: Verdict, files: Sequence[Path]) -> None:
        """The table of the end, and where the files lie."""
        table = Table(title="What was posted beside what was said", title_justify="left")
        for heading in ("Speaker", "Turns", "Under their name", "Words", "Word errors", "Rate"):
            table.add_column(heading, justify="left" if heading == "Speaker" else "right")
        for name, errors in verdict.errors.items():
            own, turns = verdict.own(name), verdict.turns[name]
            row = (name, str(turns), str(own), str(errors.said), str(errors.wrong), f"{errors.rate:.1%}")
            table.add_row(*row, style="" if own == turns else "red")
        total, turns = verdict.overall, sum(verdict.turns.values())
        own = sum(verdict.own(name) for name in verdict.turns)
        table.add_section()
        table.add_row("all", str(turns), str(own), str(total.said), str(total.wrong), f"{total.rate:.1%}", style="bold")
        self._console.print(table)
        self._console.print(Text(f"word error rate of the thread: {total.rate:.2%}", "bold"))
        complaint = verdict.complaint()
        good = "every person's sentences stand under their own name, each at its time"
        self._console.print(Text(complaint or good, "red" if complaint else "green"))
        for path in files:
            self._console.print(Text(f"attachment saved: {path}"), soft_wrap=True)

    def _title(self, place_id: int) -> str:
        place = self._sandbox.world.place(place_id)
        if isinstance(place, Thread):
            return f"#{self._sandbox.world.place(place.parent_id).name} / {place.name}"
        return f"{place.name} (its chat)" if place.kind is ChannelKind.VOICE else f"#{place.name}"
