"""What the messages of one conversation hold, and what of it must not be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from engine.content import entities, personal, sentiment
from engine.content.names import Names
from engine.content.trackers import Tracker, TrackerBook
from engine.conversations.models import EntityRow, TrackerMatchRow
from engine.conversations.store import new_id
from engine.recognition import types
from engine.streaming.findings import speaker_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.content.personal import Personal
    from engine.content.trackers import Match
    from engine.conversations.models import ConversationRow, Json, MemberRow, MessageRow
    from engine.insights.types import Insight
    from engine.streaming.findings import News
    from engine.streaming.options import TrackerWish

MAX_MOODS: Final = 5_000
"""Messages whose sentiment is remembered for topics."""


class Contents:
    """Rules over texts; nothing is stored here."""

    def __init__(self, conversation: ConversationRow) -> None:
        self._conversation = conversation
        self._zone = timezone(-timedelta(minutes=conversation.timezone_offset))
        self._names = Names()
        self._book = TrackerBook(())
        self._moods: dict[str, float] = {}
        self.watch()

    def watch(self) -> None:
        """The conversation says which trackers count."""
        self._book = TrackerBook(
            [Tracker(row["id"], row["name"], tuple(row["vocabulary"])) for row in self._conversation.trackers]
        )

    def roster(self, members: Iterable[MemberRow]) -> None:
        """Who takes part: their names are personal data, and entities."""
        self._names.add([speaker_of(member) for member in members])

    # Personal data

    def masked(self, text: str) -> str:
        """A text as it may be shown."""
        mask = self._conversation.redaction
        return text if mask is None else personal.redact(text, personal.find(text, self._names), mask)

    def masked_insight(self, insight: Insight) -> Insight:
        """An insight as it may be shown."""
        if self._conversation.redaction is None:
            return insight
        text, due = self.masked(insight.text), insight.due
        if due is not None:
            due = replace(due, phrase=self.masked(due.phrase))
            due = replace(due, offset=text.find(due.phrase))
        return replace(insight, text=text, due=due)

    def heard(self, said: types.Final, *, identify: bool) -> tuple[types.Final, list[Json]]:
        """An utterance as it may be shown and, with `identify`, the personal data in it; masked data is named by its kind alone."""
        mask = self._conversation.redaction
        if mask is None and not identify:
            return said, []
        found = personal.find(said.text, self._names)
        if mask is None:
            return said, [_named(one, said.text[one.begin : one.end], one.begin) for one in found]
        shown = replace(said, text=personal.redact(said.text, found, mask), words=_masked_words(said, found, mask))
        shifts, shift = [], 0
        for one in found:
            shifts.append(shift)
            shift += len(mask) - (one.end - one.begin)
        named = [_named(one, mask, one.begin + moved) for one, moved in zip(found, shifts, strict=True)]
        return shown, named if identify else []

    # What is found

    def mood(self, message_id: str, text: str) -> float:
        """The sentiment of a message, remembered for the topics that rest on it."""
        score = sentiment.score(text)
        self.remember(message_id, score)
        return score

    def remember(self, message_id: str, score: float | None) -> None:
        """The sentiment of a message that was reckoned before."""
        if score is not None:
            self._moods[message_id] = score
            while len(self._moods) > MAX_MOODS:
                del self._moods[next(iter(self._moods))]

    def mood_of(self, message_ids: Iterable[str]) -> float:
        """The mean sentiment of messages."""
        known = [self._moods[one] for one in message_ids if one in self._moods]
        return round(sum(known) / len(known), 3) if known else 0.0

    def tracked(self, text: str) -> list[Match]:
        """Tracked phrases in a text as it is shown."""
        return self._book.find(text)

    def tracker_rows(self, row: MessageRow, news: News) -> list[TrackerMatchRow]:
        """Tracked phrases of a message, with the insights of that message that hold them as well."""
        matches = self.tracked(row.text)
        if not matches:
            return []
        refs = self._insight_refs(row, news)
        return [
            TrackerMatchRow(
                conversation_id=row.conversation_id,
                tracker_id=match.tracker.id,
                name=match.tracker.name,
                value=match.value,
                message_id=row.realtime_id,
                offset=match.offset,
                insight_refs=refs.get((match.tracker.id, match.value), []),
            )
            for match in matches
        ]

    def _insight_refs(self, row: MessageRow, news: News) -> Mapping[tuple[str, str], list[Json]]:
        refs: dict[tuple[str, str], list[Json]] = {}
        for item in news.insights:
            if row.realtime_id in item.message_ids:
                for match in self.tracked(item.text):
                    ref = {"id": news.insight_ids[item.key], "type": item.kind, "text": item.text, "offset": match.offset}
                    refs.setdefault((match.tracker.id, match.value), []).append(ref)
        return refs

    def entity_rows(self, row: MessageRow) -> list[EntityRow]:
        """Entities that a message names."""
        when = datetime.fromtimestamp(row.start_time, self._zone)
        return [
            EntityRow(
                conversation_id=row.conversation_id,
                kind=one.kind,
                sub_type=one.sub_type,
                category=one.category,
                text=row.text[one.begin : one.end],
                value=one.value,
                message_id=row.realtime_id,
                offset=one.begin,
            )
            for one in entities.find(row.text, when, self._names)
        ]


def tracker_json(wishes: Sequence[TrackerWish]) -> list[Json]:
    """Trackers as a conversation keeps them, each with an id."""
    return [{"id": new_id(), "name": wish.name, "vocabulary": list(wish.vocabulary)} for wish in wishes]


def _named(one: Personal, text: str, offset: int) -> Json:
    return {"type": one.kind, "value": text, "text": text, "offset": offset}


def _masked_words(said: types.Final, found: Sequence[Personal], mask: str) -> tuple[types.Word, ...]:
    """Words that a stretch of personal data runs through become one word."""
    places: list[tuple[int, int]] = []
    at = 0
    for word in said.words:
        begin = said.text.find(word.text, at)
        if begin < 0:  # words that are not the text's own cannot be judged by it
            return ()
        at = begin + len(word.text)
        places.append((begin, at))
    shown: list[types.Word] = []
    index = 0
    while index < len(said.words):
        last, (begin, end) = index, places[index]
        while (within := [one for one in found if one.begin < end and one.end > begin]) and last + 1 < len(places):
            if within[-1].end <= places[last + 1][0]:
                break
            last += 1
            end = places[last][1]
        run = said.words[index : last + 1]
        inner = [replace(one, begin=max(0, one.begin - begin), end=min(end, one.end) - begin) for one in within]
        text = personal.redact(said.text[begin:end], inner, mask)
        shown.append(types.Word(text, run[0].start, run[-1].end, min(word.confidence for word in run)))
        index = last + 1
    return tuple(shown)
