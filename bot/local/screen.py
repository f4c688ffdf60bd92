"""What a live meeting looks like in a terminal: sentences scroll, what is being said and what was noticed is redrawn under them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from bot.local.report import MARKS
from bot.local.talk import Noticed, Said, Saying, TalkedAbout, Trouble
from bot.local.transcript import line_text
from bot.publish.markup import clock, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from bot.local.talk import TalkEvent
    from wire.insights import StreamInsight

NOTICED = 8
"""The newest insights that stand under the text."""
TOPICS = 6
REDRAWN = 8
"""Times a second."""
_METER = " ▁▂▃▄▅▆▇█"
_QUIETEST = -60.0
"""Decibels below full scale at which the meter begins."""


class Screen(Protocol):
    """Where a meeting is shown."""

    def tell(self, event: TalkEvent) -> None:
        """Something was said, noticed, or went wrong."""

    def heard(self, seconds: float, level: float) -> None:
        """Sound came: how long the meeting lasts, and the loudness of the newest sound in decibels below full scale."""


class Lines:
    """For a file or a pipe: one line for each sentence and insight, nothing is redrawn."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._noticed: dict[str, str] = {}

    def tell(self, event: TalkEvent) -> None:
        """A line, unless nothing is new."""
        match event:
            case Said():
                self._print(Text(line_text(event)))
            case Noticed(insight) if self._noticed.get(insight.id) != insight.payload.content:
                self._noticed[insight.id] = insight.payload.content
                self._print(insight_text(insight))
            case Trouble(text):
                self._print(Text(f"! {plain(text)}", style="red"))
            case _:
                pass

    def heard(self, seconds: float, level: float) -> None:
        """Not shown."""

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
        self._console.file.flush()


class LiveScreen(Lines):
    """For a terminal. `source`: the microphone's name."""

    def __init__(self, console: Console, source: str) -> None:
        super().__init__(console)
        self._source = source
        self._saying: dict[str, str] = {}
        self._insights: dict[str, StreamInsight] = {}
        self._topics: tuple[str, ...] = ()
        self._seconds = 0.0
        self._level = _QUIETEST

    @contextmanager
    def shown(self) -> Iterator[None]:
        """On the screen until the end of the block."""
        with Live(console=self._console, get_renderable=self.render, refresh_per_second=REDRAWN, transient=True):
            yield

    def tell(self, event: TalkEvent) -> None:
        """Sentences and troubles scroll, the rest is redrawn in place."""
        match event:
            case Saying(name, text):
                self._saying[name] = text
            case Said():
                self._saying.pop(event.name, None)
                super().tell(event)
            case Noticed(insight):
                self._insights.pop(insight.id, None)
                self._insights[insight.id] = insight
                while len(self._insights) > NOTICED:
                    del self._insights[next(iter(self._insights))]
            case TalkedAbout(topics):
                self._topics = topics[:TOPICS]
            case Trouble():
                super().tell(event)

    def heard(self, seconds: float, level: float) -> None:
        """The time and the meter."""
        self._seconds, self._level = seconds, level

    def render(self) -> RenderableType:
        """What stands under the sentences."""
        rows: list[RenderableType] = [
            Text.assemble((f"{plain(name)}: ", "dim bold"), (plain(text), "dim italic"))
            for name, text in self._saying.items()
            if text
        ]
        noticed = [insight_text(insight) for insight in self._insights.values()]
        if self._topics:
            noticed.insert(0, Text.assemble(("# ", MARKS["topic"][1]), ", ".join(map(plain, self._topics))))
        if noticed:
            rows.append(Panel(Group(*noticed), title="noticed", title_align="left", border_style="dim"))
        rows.append(
            Text.assemble(
                (meter(self._level), "green"),
                f"  {clock(self._seconds)}  ",
                (f"{plain(self._source)}  Ctrl-C ends the meeting", "dim"),
            )
        )
        return Group(*rows)


def insight_text(insight: StreamInsight) -> Text:
    """`-> Ana will send the draft. (Ana, due 2026-03-06)`."""
    mark, colour = MARKS.get(insight.type, ("*", "white"))
    known = [insight.assignee.name or "", f"due {insight.due_by.value[:10]}" if insight.due_by else ""]
    beside = ", ".join(part for part in known if part)
    return Text.assemble((f"{mark} ", colour), plain(insight.payload.content), (f"  ({plain(beside)})" if beside else "", "dim"))


def meter(level: float) -> str:
    """Ten cells that fill as it grows louder, from -60 dB to 0 dB."""
    filled = max(0.0, min(1.0, 1 - level / _QUIETEST)) * 10
    return "".join(_METER[round(max(0.0, min(1.0, filled - cell)) * (len(_METER) - 1))] for cell in range(10))
