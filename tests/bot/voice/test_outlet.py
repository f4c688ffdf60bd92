from __future__ import annotations

from typing import TYPE_CHECKING

from audio.pcm import silence
from bot.voice.events import Heard, Joined, Left, Lost
from bot.voice.outlet import MAX_WAITING, Outlet

if TYPE_CHECKING:
    from bot.voice.events import VoiceEvent


def piece(user_id: int, at: float) -> Heard:
    return Heard(user_id, at, silence(0.5))


def test_events_come_out_in_order() -> None:
    outlet = Outlet()
    events: list[VoiceEvent] = [Joined(1, 0.0), piece(1, 0.5), piece(2, 0.6), Left(1, 1.0)]
    for event in events:
        outlet.put(event)
    assert outlet.waiting
    assert outlet.take() == events
    assert outlet.take() == []
    assert not outlet.waiting


def test_what_there_is_no_room_for_is_told_once_for_each_person() -> None:
    outlet = Outlet(max_heard=2)
    for number in range(6):
        outlet.put(piece(1 + number % 2, number / 2))
    outlet.put(Left(1, 9.0))
    taken = outlet.take()
    assert taken[:3] == [piece(1, 0.0), piece(2, 0.5), Left(1, 9.0)]
    assert [(lost.user_id, lost.at, lost.seconds) for lost in taken[3:] if isinstance(lost, Lost)] == [
        (1, 1.0, 1.0),
        (2, 1.5, 1.0),
    ]
    assert outlet.dropped == 4
    outlet.put(piece(1, 5.0))
    assert outlet.take() == [piece(1, 5.0)], "there is room again"


def test_everything_else_is_bounded_too() -> None:
    outlet = Outlet()
    for number in range(MAX_WAITING + 50):
        outlet.put(Joined(number, 0.0))
    assert len(outlet.take()) == MAX_WAITING
    assert outlet.dropped == 50
