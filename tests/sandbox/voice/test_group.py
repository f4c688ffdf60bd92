"""Rounds of the group, with the people's own side of DAVE at the other end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import davey
import pytest

from sandbox.voice.dave import DaveRefused
from sandbox.voice.group import Group, Message
from sandbox.voice.member import DaveMember
from sandbox.voice.opcodes import Op

if TYPE_CHECKING:
    from sandbox.voice.group import Payload

CHANNEL, ANA, BEN, CLEO, DAN = 11, 101, 102, 103, 104
OPUS = b"\xfc" + bytes(range(1, 100))


class Room:
    """A group and its members; what `held` names is kept back until it is released."""

    def __init__(self) -> None:
        self.group = Group(CHANNEL)
        self.members: dict[int, DaveMember] = {}
        self.seen: list[tuple[int, Op]] = []
        self.held: set[Op] = set()
        self.waiting: list[tuple[int, Op, Payload]] = []

    def join(self, user_id: int) -> None:
        self.members[user_id] = DaveMember(user_id, CHANNEL)
        self.run(self.group.enter(user_id))
        self.answer(user_id, *self.members[user_id].key_package())

    def leave(self, user_id: int) -> None:
        del self.members[user_id]
        self.run(self.group.depart(user_id))

    def answer(self, user_id: int, op: Op, payload: Payload) -> None:
        self.run(self.group.receive(user_id, op, payload))

    def release(self) -> None:
        self.held.clear()
        waiting, self.waiting = self.waiting, []
        for user_id, op, payload in waiting:
            if user_id in self.members:
                self.answer(user_id, op, payload)

    def run(self, messages: list[Message]) -> None:
        queue = deque(messages)
        while queue:
            message = queue.popleft()
            self.seen.append((message.user_id, message.op))
            if message.user_id not in self.members:
                continue
            for op, payload in self.members[message.user_id].receive(message.op, message.payload):
                if op in self.held:
                    self.waiting.append((message.user_id, op, payload))
                else:
                    queue.extend(self.group.receive(message.user_id, op, payload))

    def hear_each_other(self) -> None:
        for sender, one in self.members.items():
            frame = one.session.encrypt_opus(OPUS)
            for receiver, other in self.members.items():
                if receiver != sender:
                    assert other.session.decrypt(sender, davey.MediaType.audio, frame) == OPUS


@pytest.fixture
def room() -> Room:
    room = Room()
    for user_id in (ANA, BEN, CLEO):
        room.join(user_id)
    return room


def test_people_come_one_by_one(room: Room) -> None:
    assert room.group.idle
    assert sorted(room.group.service.members) == [ANA, BEN, CLEO]
    room.hear_each_other()


def test_somebody_alone_has_no_group() -> None:
    room = Room()
    room.join(ANA)
    assert room.group.service.epoch == 0
    assert not room.members[ANA].ready
    assert [op for _, op in room.seen] == [Op.EXTERNAL_SENDER]


def test_new_keys_are_used_only_when_all_are_ready(room: Room) -> None:
    room.held = {Op.TRANSITION_READY}
    room.join(DAN)
    assert room.group.transition is not None
    assert not room.members[DAN].ready
    assert {m.session.epoch for u, m in room.members.items() if u != DAN} == {2}
    room.release()
    assert room.group.idle
    room.hear_each_other()


def test_who_never_gets_ready_is_waited_for_until_the_deadline(room: Room) -> None:
    room.held = {Op.TRANSITION_READY}
    room.join(DAN)
    transition = room.group.transition
    assert transition is not None
    assert room.group.expire(transition.number + 1) == []
    room.run(room.group.expire(transition.number))
    assert room.group.idle
    room.hear_each_other()


def test_joins_and_leaves_during_a_round_are_taken_up_after_it(room: Room) -> None:
    room.held = {Op.COMMIT_WELCOME}
    room.join(DAN)
    room.join(105)
    room.leave(BEN)
    assert room.group.service.epoch == 2
    room.release()
    assert room.group.idle
    assert sorted(room.group.service.members) == [ANA, CLEO, DAN, 105]
    room.hear_each_other()


def test_a_newcomer_who_leaves_at_once_is_revoked(room: Room) -> None:
    room.held = {Op.COMMIT_WELCOME}
    room.join(DAN)
    room.seen.clear()
    room.leave(DAN)
    assert [op for _, op in room.seen] == [Op.PROPOSALS] * 3
    assert room.group.idle
    stale = room.waiting[0]
    with pytest.raises(DaveRefused):
        room.group.receive(stale[0], stale[1], stale[2])
    room.waiting.clear()
    room.held.clear()
    room.join(105)
    assert sorted(room.group.service.members) == [ANA, BEN, CLEO, 105]
    room.hear_each_other()


def test_a_founder_who_leaves_while_the_group_is_founded() -> None:
    room = Room()
    room.join(ANA)
    room.held = {Op.COMMIT_WELCOME}
    room.join(BEN)
    room.leave(ANA)
    room.waiting.clear()
    room.held.clear()
    room.join(CLEO)
    assert sorted(room.group.service.members) == [BEN, CLEO]
    room.hear_each_other()


def test_the_last_one_begins_anew(room: Room) -> None:
    room.leave(ANA)
    room.leave(BEN)
    assert [op for u, op in room.seen if u == CLEO][-2:] == [Op.PREPARE_EPOCH, Op.PREPARE_TRANSITION]
    assert room.group.service.epoch == 0
    room.join(ANA)
    assert room.group.service.epoch == 1
    room.hear_each_other()


def test_who_could_not_read_a_commit_is_removed_and_added_anew(room: Room) -> None:
    room.answer(BEN, Op.INVALID_COMMIT, {"transition_id": 0})
    room.members[BEN].session.reinit(1, BEN, CHANNEL)
    room.seen.clear()
    room.answer(BEN, *room.members[BEN].key_package())
    assert [op for u, op in room.seen if u == BEN] == [Op.WELCOME, Op.EXECUTE_TRANSITION]
    assert sorted(room.group.service.members) == [ANA, BEN, CLEO]
    room.hear_each_other()


def test_renewal_keeps_the_old_keys_until_the_new_ones_count(room: Room) -> None:
    room.held = {Op.TRANSITION_READY}
    room.answer(ANA, *room.members[ANA].renew())
    room.hear_each_other()
    room.release()
    assert room.group.service.epoch == 3
    room.hear_each_other()


def test_new_group_for_all(room: Room) -> None:
    code = room.members[ANA].session.voice_privacy_code
    room.run(room.group.restart())
    assert sorted(room.group.service.members) == [ANA, BEN, CLEO]
    assert room.members[ANA].session.voice_privacy_code != code
    room.hear_each_other()


def test_messages_of_strangers_and_nonsense_are_refused(room: Room) -> None:
    with pytest.raises(DaveRefused, match="not in the channel"):
        room.group.receive(999, Op.TRANSITION_READY, {"transition_id": 1})
    with pytest.raises(DaveRefused, match="means nothing"):
        room.group.receive(ANA, Op.WELCOME, b"")
    with pytest.raises(DaveRefused, match="means nothing"):
        room.group.receive(ANA, Op.KEY_PACKAGE, {})
    assert room.group.receive(ANA, Op.TRANSITION_READY, {"transition_id": 77}) == []


def test_everybody_leaves_and_somebody_comes_back(room: Room) -> None:
    for user_id in (ANA, BEN, CLEO):
        room.leave(user_id)
    for user_id in (ANA, BEN):
        room.join(user_id)
    assert sorted(room.group.service.members) == [ANA, BEN]
    room.hear_each_other()
