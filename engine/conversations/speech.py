"""Messages as the Conversation API answers them, written straight to JSON: a long conversation has 10,000 of 10 words each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from engine.conversations.shapes import sentiment
from engine.conversations.words import iso, offset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.conversations.models import MemberRow
    from engine.conversations.reading import Said


def messages(
    conversation_id: str,
    said: Iterable[Said],
    members: Mapping[str, MemberRow],
    first_word: float,
    moods: Mapping[str, float],
) -> str:
    """The JSON text of `wire.conversations.Messages`.

    Words are written where `Said.spelled` is there; `moods` are polarities by message id, for those that have one.
    Offsets count from `first_word`, seconds since the epoch.
    """
    people = {key: _text(_person(member)) for key, member in members.items()}
    written: list[str] = []
    for one in said:
        start, end = one.start_time, one.end_time
        mood = f',"sentiment":{sentiment(moods[one.id]).wire()}' if one.id in moods else ""
        words = "" if one.spelled is None else f',"words":{one.spelled}'
        written.append(
            f'{{"id":"{one.id}","text":{_text(one.text)},"from":{people[one.member_id]},'
            f'"startTime":"{iso(start)}","endTime":"{iso(end)}","timeOffset":{offset(start, first_word)},'
            f'"duration":{round(end - start, 2)},"conversationId":"{conversation_id}","phrases":{one.phrases}{mood}{words}}}'
        )
    return f'{{"messages":[{",".join(written)}]}}'


def _person(member: MemberRow) -> dict[str, str]:
    known = {"id": member.id, "name": member.name, "email": member.user_id}
    return {key: value for key, value in known.items() if value is not None}


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
