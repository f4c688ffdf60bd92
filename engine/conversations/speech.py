"""Messages as the Conversation API answers them, written straight to JSON: a long conversation has 10,000 of 10 words each."""

from __future__ import annotations

import json
from functools import cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING

import numpy as np

from engine.conversations.shapes import sentiment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.conversations.models import MemberRow
    from engine.conversations.reading import Said


def messages(
    conversation_id: str,
    said: Sequence[Said],
    members: Mapping[str, MemberRow],
    first_word: float,
    moods: Mapping[str, float],
) -> str:
    """The JSON text of `wire.conversations.Messages`.

    Words are written where `Said.spelled` is there; `moods` are polarities by message id, for those that have one.
    Offsets count from `first_word`, seconds since the epoch.
    """
    people = {key: _person(member) for key, member in members.items()}
    starts, ends = (np.array([one[place] for one in said], np.float64) for place in (4, 5))
    offsets, lengths = np.round(starts - first_word, 2).tolist(), np.round(ends - starts, 2).tolist()
    written = ['{"messages":[']
    for one, start, end, offset, length in zip(said, iso_times(starts), iso_times(ends), offsets, lengths, strict=True):
        mood = _mood(round(moods[one.id], 3)) if one.id in moods else ""
        written.append(
            f'{{"id":"{one.id}","text":{encode_basestring(one.text)},"from":{people[one.member_id]},'
            f'"startTime":"{start}","endTime":"{end}","timeOffset":{offset},"duration":{length},'
            f'"conversationId":"{conversation_id}","phrases":{one.phrases}{mood}'
        )
        if one.corrected_from is not None:
            written.append(f',"correctedFrom":{encode_basestring(one.corrected_from)}')
        if one.spelled is not None:  # nearly all of the answer: copied once, when all is joined
            written += ',"words":', one.spelled
        written.append("},")
    if said:
        written[-1] = "}"
    return "".join((*written, "]}"))


def iso_times(moments: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[str]:
    """Seconds since the epoch as ISO 8601 UTC with milliseconds and `Z`, thousands at once."""
    times = np.rint(moments * 1000).astype("datetime64[ms]")
    texts: list[str] = np.datetime_as_string(times, unit="ms", timezone="UTC").tolist()
    return texts


def _person(member: MemberRow) -> str:
    known = {"id": member.id, "name": member.name, "email": member.user_id}
    return json.dumps({key: value for key, value in known.items() if value is not None}, ensure_ascii=False)


@cache
def _mood(score: float) -> str:
    return f',"sentiment":{sentiment(score).wire()}'
