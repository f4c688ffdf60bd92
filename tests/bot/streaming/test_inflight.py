from __future__ import annotations

import pytest

from audio.pcm import silence
from bot.streaming.inflight import KEPT, InFlight
from bot.streaming.outbox import Piece


def send(flight: InFlight, start: float, until: float, now: float, *, more: bool = False) -> None:
    """Pieces of 0.1 s, each sent at once."""
    for number in range(round((until - start) * 10)):
        last = number == round((until - start) * 10) - 1
        flight.sent(Piece(start + number / 10, silence(0.1)), now, more=more or not last)


def live(flight: InFlight, start: float, until: float, wall: float) -> None:
    """Pieces of 0.1 s, sent as they are spoken; `wall` is the wall clock at second 0."""
    for number in range(round((until - start) * 10)):
        at = start + number / 10
        flight.sent(Piece(at, silence(0.1)), wall + at + 0.1, more=False)


def test_what_is_not_words_yet_is_kept_in_order() -> None:
    flight = InFlight()
    live(flight, 5.0, 9.0, 1000.0)
    flight.recognised(2.0)
    pieces = flight.take()
    assert [round(piece.at, 1) for piece in pieces] == [round(7.0 + number / 10, 1) for number in range(20)]
    assert flight.take() == []


def test_without_times_from_the_engine_nothing_is_sent_twice() -> None:
    flight = InFlight()
    live(flight, 5.0, 9.0, 1000.0)
    flight.recognised(None)
    assert flight.take() == []


def test_no_more_is_kept_than_an_utterance_may_be_long() -> None:
    flight = InFlight()
    live(flight, 0.0, 100.0, 1000.0)
    pieces = flight.take()
    assert len(pieces) == pytest.approx(KEPT * 10, abs=1)
    assert pieces[-1].at == pytest.approx(99.9)


def test_sound_sent_as_it_is_spoken_keeps_the_engines_times() -> None:
    flight = InFlight()
    live(flight, 5.0, 50.0, 1000.0)
    assert [flight.heard_at(now) for now in (1005.0, 1010.0, 1049.0)] == [None, None, None]


def test_held_sound_is_translated_back_to_when_it_was_spoken() -> None:
    flight = InFlight()
    live(flight, 0.0, 5.0, 1000.0)
    flight.begin()
    send(flight, 5.0, 10.0, 1040.1, more=True)
    send(flight, 30.0, 35.0, 1040.1)
    live(flight, 40.0, 45.0, 1000.0)
    assert flight.heard_at(1040.0) == pytest.approx(5.0)
    assert flight.heard_at(1043.0) == pytest.approx(8.0)
    assert flight.heard_at(1046.0) == pytest.approx(31.0)
    assert flight.heard_at(1052.0) is None
    assert flight.heard_at(1003.0) is None


def test_held_sound_that_is_words_is_forgotten_by_its_place() -> None:
    flight = InFlight()
    send(flight, 5.0, 10.0, 1040.1, more=True)
    send(flight, 30.0, 35.0, 1040.1)
    flight.recognised(6.0)
    assert round(flight.take()[0].at, 3) == 31.0


def test_a_piece_that_is_words_only_in_part_is_cut() -> None:
    flight = InFlight()
    flight.sent(Piece(5.0, silence(1.0)), 1001.0, more=False)
    flight.recognised(0.75)
    (piece,) = flight.take()
    assert (piece.at, len(piece.pcm)) == (5.75, len(silence(0.25)))


def test_places_are_translated_to_when_it_was_spoken_however_fast_it_was_sent() -> None:
    flight = InFlight()
    assert flight.spoken_at(3.0) == 3.0
    send(flight, 5.0, 65.0, 1000.1, more=True)
    send(flight, 80.0, 85.0, 1000.1)
    assert flight.spoken_at(59.0) == pytest.approx(64.0)
    assert flight.spoken_at(62.0) == pytest.approx(82.0)
