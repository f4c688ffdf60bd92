from __future__ import annotations

from bot.voice.ssrc import MAX_UNKNOWN, MAX_WAITING, PATIENCE, QUIET, Sealed, SsrcMap, WaitingRoom


def packet(ssrc: int, sequence: int = 0, at: float = 0.0, frame: bytes = b"x") -> Sealed:
    return Sealed(ssrc, sequence, 0, at, frame)


def test_a_person_has_one_ssrc_and_an_ssrc_one_person() -> None:
    known = SsrcMap()
    known.bind(1, 100, 0.0)
    known.bind(2, 100, 0.0)
    assert known.users == {2: 100}
    known.bind(2, 200, 0.0)
    assert known.users == {2: 200}
    assert known.candidates([100, 200], 0.0) == [100]


def test_leaving_and_a_new_session_forget() -> None:
    known = SsrcMap()
    known.bind(1, 100, 0.0)
    known.bind(2, 200, 0.0)
    known.drop(100)
    known.drop(300)
    assert known.users == {2: 200}
    known.ignore(5)
    known.clear()
    assert known.users == {}
    assert not known.is_ignored(5)


def test_who_has_no_ssrc_is_tried_first_then_who_fell_silent() -> None:
    known = SsrcMap()
    for ssrc, user in ((1, 100), (2, 200)):
        known.bind(ssrc, user, 0.0)
    known.heard(200, QUIET)
    assert known.candidates([100, 200, 300], QUIET) == [300, 100]


def test_cameras_are_ignored_in_bounds() -> None:
    known = SsrcMap()
    known.bind(1, 100, 0.0)
    for ssrc in range(1, 2000):
        known.ignore(ssrc)
    assert not known.is_ignored(1), "whoever speaks with it is no camera"
    assert not known.is_ignored(2), "the oldest made room"
    assert known.is_ignored(1999)
    known.bind(1999, 200, 0.0)
    assert not known.is_ignored(1999)


def test_waiting_is_bounded_for_each_ssrc() -> None:
    room = WaitingRoom()
    for number in range(MAX_WAITING + 20):
        room.add(packet(1, number))
    assert [p.sequence for p in room.take(1)] == list(range(MAX_WAITING))
    assert room.dropped == 20
    assert room.take(1) == []
    assert room.add(packet(1))


def test_waiting_is_bounded_in_ssrcs_and_the_least_heard_one_goes() -> None:
    room = WaitingRoom()
    for ssrc in range(MAX_UNKNOWN):
        room.add(packet(ssrc))
        room.add(packet(ssrc))
    room.take(7)
    room.add(packet(7))
    room.add(packet(99))
    assert 7 not in room
    assert 99 in room
    assert len(room) == MAX_UNKNOWN
    assert room.dropped == 1


def test_giving_up_tells_how_much_came() -> None:
    room = WaitingRoom()
    for number in range(MAX_WAITING + 20):
        room.add(packet(1, number, at=3.0))
    room.add(packet(2, at=9.0))
    (given_up,) = room.give_up(3.0 + PATIENCE)
    assert (given_up.at, given_up.packets) == (3.0, MAX_WAITING + 20)
    assert room.ssrcs() == [2]
    assert len(room.give_up(9.0, everything=True)) == 1


def test_a_packet_is_tried_once_against_the_same_candidates() -> None:
    room = WaitingRoom()
    assert room.add(packet(1, 1))
    assert room.add(packet(1, 2))
    assert [p.sequence for p in room.untried(1, (5, 6))] == [1, 2]
    room.add(packet(1, 3))
    assert [p.sequence for p in room.untried(1, (5, 6))] == [3]
    assert room.untried(1, (5, 6)) == []
    assert [p.sequence for p in room.untried(1, (5, 6, 7))] == [1, 2, 3]
