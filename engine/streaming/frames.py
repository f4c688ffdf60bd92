"""What the server sends on a stream, from what the engine knows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from engine.clock import iso
from engine.content.sentiment import suggested
from engine.errors import EngineFault, Overloaded
from wire.base import Payload, Person, Polarity, Sentiment
from wire.detected import DetectedTracker, TextRef, TrackerMatch
from wire.insights import DueBy, Hint, InsightFrame, MessageReference, StreamInsight, Tag, TagDate, TagPerson, TagValue
from wire.messages import MessageFrame, MessageMetadata, MessageSpan, StreamMessage
from wire.recognition import (
    Alternative,
    Moment,
    Punctuated,
    RawAlternatives,
    RecognisedWord,
    RecognitionFrame,
    RecognitionResult,
    ResultPayload,
    SoundLost,
)
from wire.session import ConversationRef, ErrorFrame, SessionEvent, SessionFrame
from wire.topics import RootWord, StreamTopic, TopicFrame
from wire.tracking import EntityFrame, EntityMatch, EntityRef, PersonalData, StreamEntity, TrackerFrame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.content.trackers import Match
    from engine.conversations.models import ConversationRow, EntityRow, Json, MessageRow, TrackerMatchRow
    from engine.insights.types import Insight, Speaker, Topic
    from engine.recognition.types import Final, Interim, Lost
    from engine.streaming.timeline import Timeline
    from wire.session import SessionEventType


def event(kind: SessionEventType, conversation_id: str | None = None) -> str:
    """A step in the life of a stream."""
    data = ConversationRef(conversation_id=conversation_id) if conversation_id else None
    return SessionFrame(message=SessionEvent(type=kind, data=data)).wire()


def second_look(conversation_id: str, done: int, total: int) -> str:
    """The second look at the end of a conversation goes on: so many of its doubtful messages have been read again."""
    data = ConversationRef(conversation_id=conversation_id, done=done, total=total)
    return SessionFrame(message=SessionEvent(type="second_look", data=data)).wire()


def completed(conversation_id: str) -> str:
    """The end of the conversation, with both spellings of its id that clients look for."""
    data = ConversationRef(conversation_id=conversation_id)
    return SessionFrame(message=SessionEvent(type="conversation_completed", conversation_id=conversation_id, data=data)).wire()


def error(message: str, details: str) -> str:
    """A refusal."""
    return ErrorFrame(message=message, details=details).wire()


def refusal(fault: EngineFault) -> str:
    """A good request that cannot be granted."""
    return error("Too many streams." if isinstance(fault, Overloaded) else "Invalid configuration.", str(fault))


def interim(result: Interim, timeline: Timeline, user: Person) -> str:
    """The utterance so far, as of the sound that has arrived."""
    return _recognition(result.text, Alternative(transcript=result.text), user, timeline.elapsed(timeline.end), is_final=False)


def final(result: Final, timeline: Timeline, user: Person) -> str:
    """The finished utterance."""
    words = [
        RecognisedWord(
            word=word.text, start_time=_moment(timeline.elapsed(word.start)), end_time=_moment(timeline.elapsed(word.end))
        )
        for word in result.words
    ]
    reading = Alternative(transcript=result.text, confidence=result.confidence, words=words)
    return _recognition(result.text, reading, user, timeline.elapsed(result.end), is_final=True)


def lost(result: Lost, timeline: Timeline, user: Person) -> str:
    """Sound that nobody will read."""
    start, end = (round(timeline.elapsed(place), 3) for place in (result.start, result.end))
    return RecognitionFrame(message=SoundLost(start=start, end=end, user=user), time_offset=round(end * 1000)).wire()


def _recognition(text: str, reading: Alternative, user: Person, elapsed: float, *, is_final: bool) -> str:
    result = RecognitionResult(
        is_final=is_final,
        payload=ResultPayload(raw=RawAlternatives(alternatives=[reading])),
        punctuated=Punctuated(transcript=text),
        user=user,
    )
    return RecognitionFrame(message=result, time_offset=round(elapsed * 1000)).wire()


def _moment(seconds: float) -> Moment:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return Moment(seconds=str(whole), nanos=str(thousandths * 1_000_000))


def message(row: MessageRow, speaker: Person, conversation: ConversationRow, *, sentiment: bool) -> str:
    """A finished sentence."""
    words = [{"word": word["word"], "startTime": iso(word["start"]), "endTime": iso(word["end"])} for word in row.words]
    said = StreamMessage(
        id=row.realtime_id,
        from_=speaker,
        payload=Payload(content=row.text),
        metadata=MessageMetadata(
            timezone_offset=conversation.timezone_offset,
            original_content=row.text,
            original_message_id=row.realtime_id,
            words=json.dumps(words, ensure_ascii=False, separators=(",", ":")),
        ),
        duration=MessageSpan(
            start_time=iso(row.start_time),
            end_time=iso(row.end_time),
            time_offset=round(max(0.0, row.start_time - conversation.start_time), 2),
            duration=round(row.end_time - row.start_time, 2),
        ),
        sentiment=_mood(row.sentiment) if sentiment else None,
        entities=[PersonalData(**one) for one in row.personal] or None,
    )
    return MessageFrame(sequence_number=row.position, messages=[said], sentiment=sentiment or None).wire()


def _mood(score: float | None) -> Sentiment | None:
    return None if score is None else Sentiment(polarity=Polarity(score=score), suggested=suggested(score))


def insights(number: int, items: Iterable[Insight], ids: Mapping[str, str]) -> str:
    """New or changed insights; `ids` are their UUIDs by key."""
    return InsightFrame(sequence_number=number, insights=[_insight(item, ids[item.key]) for item in items]).wire()


def _insight(item: Insight, realtime_id: str) -> StreamInsight:
    assignee = item.assignee or (item.speaker if item.kind == "question" else None)
    return StreamInsight(
        id=realtime_id,
        type=item.kind,
        confidence=item.score,
        message_reference=MessageReference(id=item.message_ids[0] if item.message_ids else ""),
        payload=Payload(content=item.text),
        from_=_person(item.speaker),
        assignee=_person(assignee) if assignee else Person(),
        due_by=DueBy(value=item.due.when.isoformat()) if item.due else None,
        hints=[Hint(key="confidenceScore", value=f"{item.score:.2f}")],
        tags=[] if item.kind == "question" else list(_tags(item)),
    )


def _tags(item: Insight) -> Iterable[Tag]:
    if item.due and item.due.offset >= 0:
        day = TagValue(value=TagDate(datetime=item.due.when.date().isoformat()))
        yield Tag(type="date", text=item.due.phrase, begin_offset=item.due.offset, value=day)
    who = item.assignee
    if who and who.name and (place := item.text.find(who.name)) >= 0:
        person = TagPerson(name=who.name, id=who.id or None, assignee=True, user_id=who.user_id or None)
        yield Tag(type="person", text=who.name, begin_offset=place, value=TagValue(value=person))


def _person(speaker: Speaker) -> Person:
    return Person(id=speaker.id or None, name=speaker.name or None, user_id=speaker.user_id or None)


def topics(items: Iterable[Topic], ids: Mapping[str, str], moods: Mapping[str, float]) -> str:
    """Topics that became worth telling; `ids` are their UUIDs by key, `moods` their sentiments where they are wanted."""
    told = [
        StreamTopic(
            id=ids[topic.key],
            phrases=topic.text,
            root_words=[RootWord(text=word) for word in topic.root_words],
            score=topic.score,
            message_references=[MessageReference(id=ref, relation="text instance") for ref in topic.message_ids],
            sentiment=_mood(moods.get(topic.key)),
        )
        for topic in items
    ]
    return TopicFrame(topics=told).wire()


def trackers(number: int, found: list[DetectedTracker], *, is_final: bool) -> str:
    """Tracked phrases."""
    return TrackerFrame(sequence_number=number, is_final=is_final, trackers=found).wire()


def tracked_message(row: MessageRow, rows: Iterable[TrackerMatchRow]) -> list[DetectedTracker]:
    """The tracked phrases of a message by tracker and phrase."""
    found: dict[str, DetectedTracker] = {}
    for match in rows:
        ref = TextRef(id=row.realtime_id, text=row.text, offset=match.offset)
        _phrase(found, match.tracker_id, match.name, match.value, match.insight_refs).message_refs.append(ref)
    return list(found.values())


def tracked_interim(message_id: str, text: str, matches: Iterable[Match]) -> list[DetectedTracker]:
    """The tracked phrases of an utterance that is being said; `message_id` is what it will be called."""
    found: dict[str, DetectedTracker] = {}
    for match in matches:
        ref = TextRef(id=message_id, text=text, offset=match.offset)
        _phrase(found, match.tracker.id, match.tracker.name, match.value, []).message_refs.append(ref)
    return list(found.values())


def _phrase(found: dict[str, DetectedTracker], tracker_id: str, name: str, value: str, insights: list[Json]) -> TrackerMatch:
    tracker = found.setdefault(tracker_id, DetectedTracker(id=tracker_id, name=name))
    phrase = next((one for one in tracker.matches if one.value == value), None)
    if phrase is None:
        phrase = TrackerMatch(value=value, insight_refs=[TextRef(**ref) for ref in insights])
        tracker.matches.append(phrase)
    return phrase


def entities(number: int, row: MessageRow, rows: Sequence[EntityRow]) -> str:
    """Named entities of a message."""
    found: dict[tuple[str, str], StreamEntity] = {}
    for one in rows:
        entity = found.setdefault(
            (one.kind, one.sub_type), StreamEntity(type=one.kind, sub_type=one.sub_type, category=one.category)
        )
        ref = EntityRef(
            id=row.realtime_id, start_time=iso(row.start_time), end_time=iso(row.end_time), text=row.text, offset=one.offset
        )
        entity.matches.append(EntityMatch(detected_value=one.text, message_refs=[ref]))
    return EntityFrame(sequence_number=number, entities=list(found.values())).wire()
