"""Who talked how long, how fast, and at the same time as whom. No I/O.

Talk is the time of a member's messages. Shares of silence and talk are of the whole conversation, from its start to its end;
a member's shares are of the time in which anybody talks; the overlap of two is a share of the talk of both.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from wire.reports import Analytics, MemberAnalytics, Metric, Overlap, OverlappingMember, Pace, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.conversations.models import MemberRow


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: seconds since the epoch, and how many words."""

    member_id: str
    start: float
    end: float
    words: int


class _Sums:
    """Seconds of talk: of anybody, of several at once, of each, of each pair."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self.talk = 0.0
        self.overlap = 0.0
        self.of: defaultdict[str, float] = defaultdict(float)
        self.overlapped: defaultdict[str, float] = defaultdict(float)
        self.pairs: defaultdict[tuple[str, str], float] = defaultdict(float)
        edges = sorted(edge for turn in turns for edge in ((turn.start, 1, turn.member_id), (turn.end, -1, turn.member_id)))
        speaking: defaultdict[str, int] = defaultdict(int)
        for (moment, change, member_id), (following, _, _) in pairwise([*edges, (edges[-1][0], 0, "")] if edges else []):
            speaking[member_id] += change
            if not speaking[member_id]:
                del speaking[member_id]
            if following > moment and speaking:
                self._count(sorted(speaking), following - moment)

    def _count(self, members: Sequence[str], seconds: float) -> None:
        self.talk += seconds
        for member_id in members:
            self.of[member_id] += seconds
        if len(members) > 1:
            self.overlap += seconds
            for member_id in members:
                self.overlapped[member_id] += seconds
            for pair in combinations(members, 2):
                self.pairs[pair] += seconds

    def together(self, one: str, other: str) -> float:
        """How long two people talked at once."""
        return self.pairs.get((min(one, other), max(one, other)), 0.0)


def analyse(members: Sequence[MemberRow], turns: Sequence[Turn], start: float, end: float) -> Analytics:
    """The figures of a conversation that lasts from `start` to `end`, seconds since the epoch."""
    sums = _Sums(turns)
    begin = min([start, *(turn.start for turn in turns)])
    whole = max([end, *(turn.end for turn in turns)]) - begin
    words: defaultdict[str, int] = defaultdict(int)
    for turn in turns:
        words[turn.member_id] += turn.words
    silence = max(0.0, whole - sums.talk)
    return Analytics(
        metrics=[
            Metric(type="total_silence", percent=_percent(silence, whole), seconds=round(silence, 3)),
            Metric(type="total_talk_time", percent=_percent(sums.talk, whole), seconds=round(sums.talk, 3)),
            Metric(type="total_overlap", percent=_percent(sums.overlap, sums.talk), seconds=round(sums.overlap, 3)),
        ],
        members=[_member(member, members, sums, words[member.id]) for member in members],
    )


def _member(member: MemberRow, members: Sequence[MemberRow], sums: _Sums, words: int) -> MemberAnalytics:
    talk = sums.of[member.id]
    listened = sums.talk - talk
    return MemberAnalytics(
        id=member.id,
        name=member.name,
        user_id=member.user_id,
        pace=Pace(wpm=round(words * 60 / talk) if talk else 0),
        talk_time=Share(percentage=_percent(talk, sums.talk), seconds=round(talk, 3)),
        listen_time=Share(percentage=_percent(listened, sums.talk), seconds=round(listened, 3)),
        overlap=_overlap(member, members, sums),
    )


def _overlap(member: MemberRow, members: Sequence[MemberRow], sums: _Sums) -> Overlap:
    if not sums.overlapped[member.id]:
        return Overlap()
    others = [(other, sums.together(member.id, other.id)) for other in members if other.id != member.id]
    return Overlap(
        overlap_duration=round(sums.overlapped[member.id], 3),
        overlapping_members=[
            OverlappingMember(
                id=other.id,
                name=other.name,
                user_id=other.user_id,
                percent=_percent(seconds, sums.of[member.id] + sums.of[other.id]),
                seconds=round(seconds, 3),
            )
            for other, seconds in others
            if seconds
        ],
    )


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 3) if whole else 0.0
