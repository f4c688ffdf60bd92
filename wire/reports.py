"""The Conversation API: analytics, summary, transcript, experiences. Times are seconds, shares 0 to 100."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wire.base import Shape


class Metric(Shape):
    """Silence and talk as shares of the conversation, overlap as a share of the talk."""

    type: Literal["total_silence", "total_talk_time", "total_overlap"]
    percent: float
    seconds: float


class Pace(Shape):
    """Words a minute of talk."""

    wpm: int


class Share(Shape):
    """Of the time in which anybody talks."""

    percentage: float
    seconds: float


class OverlappingMember(Shape):
    """Somebody who spoke at the same time; `percent` of the talk of both."""

    id: str
    name: str | None = None
    user_id: str | None = None
    percent: float
    seconds: float


class Overlap(Shape):
    """Empty where nobody spoke at the same time."""

    overlap_duration: float | None = None
    overlapping_members: list[OverlappingMember] | None = None


class MemberAnalytics(Shape):
    """One member; `listen_time` is the talk of the others."""

    id: str
    name: str | None = None
    user_id: str | None = None
    pace: Pace
    talk_time: Share
    listen_time: Share
    overlap: Overlap = Field(default_factory=Overlap)


class Analytics(Shape):
    """`GET .../analytics`."""

    metrics: list[Metric] = Field(default_factory=list)
    members: list[MemberAnalytics] = Field(default_factory=list)


class MessageRef(Shape):
    """A message that something rests on."""

    id: str


class SummaryItem(Shape):
    """One sentence of the summary."""

    id: str
    text: str
    message_refs: list[MessageRef] = Field(default_factory=list)


class SectionEntry(Shape):
    """One line of a section."""

    text: str
    message_refs: list[MessageRef] = Field(default_factory=list)


class SummarySection(Shape):
    """A part of the summary with its heading; `name` is `talked_about`, `decided`, `to_do` or `open_questions`."""

    name: str
    title: str
    items: list[SectionEntry] = Field(default_factory=list)


class Reading(Shape):
    """A language model reads a conversation that is over, or has read it; this project's own.

    `made_by` says who found what stands now; `reason` why the local engine had to help, the rest of a sentence that begins with
    `model`. `progress` is 0 to 1.
    """

    status: Literal["in_progress", "completed"]
    model: str
    made_by: Literal["language_model", "local", "both"]
    reason: str | None = None
    progress: float = 1.0


class Summary(Shape):
    """`GET .../summary`; `sections`, only those that have something to say, and `written_by` are this project's own.

    `written_by` is the language model that wrote the sentences; without it they are quoted from what was said.
    """

    summary: list[SummaryItem] = Field(default_factory=list)
    sections: list[SummarySection] = Field(default_factory=list)
    written_by: str | None = None


TranscriptType = Literal["text/markdown", "text/srt", "text/vtt", "text/plain", "application/json"]


class TranscriptPhrases(Shape):
    """Which key phrases stand in `<mark>`: those of action items and follow-ups, or those of topics as well."""

    highlight_only_insight_key_phrases: bool = False
    highlight_all_key_phrases: bool = False


class TranscriptRequest(Shape):
    """Body of `POST .../transcript`."""

    content_type: TranscriptType
    create_paragraphs: bool = False
    phrases: TranscriptPhrases | None = None
    show_speaker_separation: bool = False


class TranscriptFile(Shape):
    """The payload of `text/srt`: an object, as documented."""

    content: str
    content_type: str


class TranscriptLine(Shape):
    """One line of `application/json`: offsets count from the first word."""

    start: float
    end: float
    speaker: str | None = None
    text: str


class Transcript(Shape):
    """A string for Markdown, plain text and VTT, an object for SRT, lines for JSON."""

    payload: str | TranscriptFile | list[TranscriptLine]
    content_type: TranscriptType


class TranscriptAnswer(Shape):
    """What `POST .../transcript` answers."""

    transcript: Transcript


class ExperienceRequest(Shape):
    """Body of `POST .../experiences`."""

    name: str = Field(min_length=1, max_length=256)


class ExperienceAnswer(Shape):
    """The address of the page."""

    name: str
    url: str


class PageLink(Shape):
    """`GET .../page`, this project's own: an address that shows the conversation until `expires`, ISO 8601, to whoever has it."""

    url: str
    expires: str
