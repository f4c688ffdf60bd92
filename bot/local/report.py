"""What a conversation came to, for a terminal. Words of people are never markup here, and control characters never reach the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from bot.errors import EngineError
from bot.local.transcript import Outcome, item_text, question_text
from bot.publish.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from bot.engine_client import EngineClient
    from bot.local.engine import UsedEngine

MARKS = {"action_item": ("->", "green"), "follow_up": ("~>", "cyan"), "question": ("?", "yellow"), "topic": ("#", "magenta")}
"""What stands before an insight, and its colour."""


async def fetch_outcome(client: EngineClient, conversation_id: str) -> Outcome:
    """What the Conversation API has about it. Raises `EngineError`."""
    return Outcome(
        conversation_id,
        tuple(await client.topics(conversation_id)),
        tuple(await client.action_items(conversation_id)),
        tuple(await client.follow_ups(conversation_id)),
        tuple(await client.questions(conversation_id)),
    )


async def settled_outcome(client: EngineClient, conversation_id: str, console: Console) -> Outcome:
    """The same; an engine that fails now is said, and costs nothing of what was understood."""
    try:
        return await fetch_outcome(client, conversation_id)
    except EngineError as error:
        console.print(Text(f"Topics and items could not be fetched: {error}", style="red"))
        return Outcome(conversation_id)


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Topics, action items, follow-ups and questions, each a list."""
    topics = [", ".join(plain(topic.text) for topic in outcome.topics)] if outcome.topics else []
    print_list(console, "Topics", "topic", topics)
    print_list(console, "Action items", "action_item", map(item_text, outcome.action_items))
    print_list(console, "Follow-ups", "follow_up", map(item_text, outcome.follow_ups))
    print_list(console, "Questions", "question", map(question_text, outcome.questions))


def print_list(console: Console, heading: str, kind: str, items: Iterable[str]) -> None:
    """A heading and what stands under it."""
    mark, colour = MARKS[kind]
    console.print(Text(heading, style="bold"))
    shown = False
    for item in items:
        console.print(Text.assemble((f"  {mark} ", colour), plain(item)), soft_wrap=True)
        shown = True
    if not shown:
        console.print(Text("  none", style="dim"))


def print_way_back(console: Console, engine: UsedEngine, conversation_id: str) -> None:
    """The conversation's id, and how to read it again."""
    console.print(Text.assemble(("Conversation ", "bold"), conversation_id))
    need = "" if engine.lasting else "   (while `minutes serve` runs)"
    for line in (
        f"  minutes conversation {conversation_id} messages",
        f'  curl -H "Authorization: Bearer $(minutes token)" {engine.url}/v1/conversations/{conversation_id}/messages{need}',
    ):
        console.print(Text(line), soft_wrap=True)


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table whose cells are plain text."""
    made = Table(title=Text(title), title_justify="left")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    return made
