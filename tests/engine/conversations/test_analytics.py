from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conversations.analytics import Turn, analyse
from engine.conversations.models import MemberRow


def member(member_id: str) -> MemberRow:
    return MemberRow(
        id=member_id, conversation_id="1", identity=member_id, position=0, name=member_id.upper(), user_id=f"{member_id}@x"
    )


JANE, BOB, EVE = member("a"), member("b"), member("c")


def test_talk_silence_overlap_and_pace() -> None:
    turns = [Turn("a", 0, 30, 60), Turn("b", 20, 40, 20), Turn("a", 60, 70, 20), Turn("c", 95, 95, 1)]
    told: Any = analyse([JANE, BOB, EVE], turns, 0, 100).as_json()
    assert told["metrics"] == [
        {"type": "total_silence", "percent": 50.0, "seconds": 50.0},
        {"type": "total_talk_time", "percent": 50.0, "seconds": 50.0},
        {"type": "total_overlap", "percent": 20.0, "seconds": 10.0},
    ]
    jane, bob, eve = told["members"]
    assert jane == {
        "id": "a",
        "name": "A",
        "userId": "a@x",
        "pace": {"wpm": 120},
        "talkTime": {"percentage": 80.0, "seconds": 40.0},
        "listenTime": {"percentage": 20.0, "seconds": 10.0},
        "overlap": {
            "overlapDuration": 10.0,
            "overlappingMembers": [{"id": "b", "name": "B", "userId": "b@x", "percent": 16.667, "seconds": 10.0}],
        },
    }
    assert bob["pace"] == {"wpm": 60}
    assert bob["overlap"]["overlappingMembers"][0]["seconds"] == 10.0
    assert (eve["talkTime"]["seconds"], eve["pace"], eve["overlap"]) == (0.0, {"wpm": 0}, {})


def test_nothing_said_and_no_time_gone() -> None:
    told = analyse([JANE], [], 5, 5)
    assert [metric.seconds for metric in told.metrics] == [0, 0, 0]
    assert told.members[0].talk_time.percentage == 0


def test_one_person_s_overlapping_messages_are_no_overlap() -> None:
    told = analyse([JANE], [Turn("a", 0, 10, 1), Turn("a", 5, 15, 1), Turn("a", 2, 3, 1)], 0, 20)
    assert [metric.seconds for metric in told.metrics] == [5, 15, 0]


turn = st.builds(
    lambda who, start, length, words: Turn(who, start, start + length, words),
    st.sampled_from("abc"),
    st.integers(0, 50).map(float),
    st.integers(0, 20).map(float),
    st.integers(0, 40),
)


@given(st.lists(turn, max_size=12))
def test_the_figures_agree_with_counting_second_by_second(turns: list[Turn]) -> None:
    told = analyse([JANE, BOB, EVE], turns, 0, 80)
    speaking = [{one.member_id for one in turns if one.start <= second < one.end} for second in range(80)]
    silence, talk, overlap = (metric.seconds for metric in told.metrics)
    assert talk == sum(bool(who) for who in speaking)
    assert silence == 80 - talk
    assert overlap == sum(len(who) > 1 for who in speaking)
    for one in told.members:
        assert one.talk_time.seconds == sum(one.id in who for who in speaking)
        assert one.talk_time.seconds + one.listen_time.seconds == talk
        for other in one.overlap.overlapping_members or []:
            assert other.seconds == pytest.approx(sum({one.id, other.id} <= who for who in speaking))
