"""`/meeting status` as text. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.publish.markup import MESSAGE_LIMIT, bold_name, clock, escape, length

if TYPE_CHECKING:
    from bot.meetings.status import MeetingStatus, SpeakerStatus

_LOSS_WORTH_SAYING = 0.02
_LATE = 5.0
"""Seconds from the end of a sentence to its line from which on the engine counts as behind."""


def status_text(status: MeetingStatus) -> str:
    """At most 2,000 characters: what runs, whether it is heard, who was heard when."""
    lines = [
        f"**{escape(status.title)}** · {status.state.value} for {clock(status.seconds)} in <#{status.voice_channel_id}>",
        f"{_mark(ok=_hears(status))} Hearing: {_hearing(status)}",
        f"{_mark(ok=_answers(status))} Engine: {_engine(status)}",
        f"{_count(status.people, 'person', 'people')} here · {_count(status.lines, 'line')} · {_count(status.words, 'word')}",
    ]
    if status.reading is not None and status.reading.status == "in_progress":
        lines.append(f"{escape(status.reading.model)} reads the meeting: {status.reading.progress:.0%} done")
    if status.thread_url:
        lines.append(f"Transcript: {status.thread_url}")
    for index, speaker in enumerate(status.speakers):
        line = _speaker(speaker)
        if length("\n".join([*lines, line])) > MESSAGE_LIMIT - 40:
            lines.append(f"... and {len(status.speakers) - index} more")
            break
        lines.append(line)
    return "\n".join(lines)


def _mark(*, ok: bool) -> str:
    return "✅" if ok else "⚠️"


def _hears(status: MeetingStatus) -> bool:
    return status.voice_connected and status.encrypted_ready and status.loss < _LOSS_WORTH_SAYING


def _hearing(status: MeetingStatus) -> str:
    if not status.voice_connected:
        return "the voice connection is lost and being made again"
    if not status.encrypted_ready:
        return "connected, waiting for the keys of the end-to-end encryption"
    return f"connected, {status.loss:.1%} of the sound lost on the way"


def _answers(status: MeetingStatus) -> bool:
    return status.engine_alive and (status.engine_lag is None or status.engine_lag < _LATE)


def _engine(status: MeetingStatus) -> str:
    if not status.engine_alive:
        return "does not answer; what is said meanwhile may be lost"
    if status.engine_lag is None:
        return "ready, nothing was said yet"
    return f"lines come {status.engine_lag:.1f} s after they are said"


def _speaker(speaker: SpeakerStatus) -> str:
    heard = "not heard yet" if speaker.silent_for is None else f"last heard {clock(speaker.silent_for)} ago"
    return f"- {bold_name(speaker.name)}: {_count(speaker.lines, 'line')}, {heard}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
