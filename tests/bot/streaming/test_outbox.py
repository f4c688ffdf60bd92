from __future__ import annotations

from random import Random

from audio.pcm import BYTES_PER_SECOND, silence
from bot.streaming.events import Dropped
from bot.streaming.outbox import Outbox, Piece


def test_frames_are_cut_at_the_limit_and_keep_their_times() -> None:
    outbox = Outbox(60)
    outbox.put(Piece(5.0, silence(0.5)))
    first, second = outbox.take(8192), outbox.take(8192)
    assert first is not None
    assert second is not None
    assert (first.at, len(first.pcm)) == (5.0, 8192)
    assert (second.at, len(second.pcm)) == (5.0 + 8192 / BYTES_PER_SECOND, 16000 - 8192)
    assert outbox.take(8192) is None


def test_small_pieces_go_together_only_where_they_join() -> None:
    outbox = Outbox(60)
    for at in (1.0, 1.02, 1.04, 9.0):
        outbox.put(Piece(at, silence(0.02)))
    first, second = outbox.take(8192), outbox.take(8192)
    assert first is not None
    assert second is not None
    assert (first.at, len(first.pcm)) == (1.0, len(silence(0.06)))
    assert second.at == 9.0


def test_when_full_the_oldest_goes_and_is_told_as_one_loss() -> None:
    outbox = Outbox(1.0)
    for number in range(30):
        outbox.put(Piece(number * 0.1, silence(0.1)))
    assert len(outbox) == BYTES_PER_SECOND
    (loss,) = outbox.losses("full")
    assert (loss.at, round(loss.seconds, 3), loss.reason) == (0.0, 2.0, "full")
    assert outbox.losses("full") == []
    frame = outbox.take(8192)
    assert frame is not None
    assert round(frame.at, 3) == 2.0


def test_what_could_not_be_sent_comes_first_again() -> None:
    outbox = Outbox(60)
    outbox.put(Piece(0.0, b"\1\0" * 800))
    outbox.put(Piece(0.05, b"\2\0" * 800))
    frame = outbox.take(1600)
    assert frame is not None
    outbox.restore(frame)
    again = outbox.take(8192)
    assert again is not None
    assert again.pcm == b"\1\0" * 800 + b"\2\0" * 800


def test_abandoned_sound_is_a_loss() -> None:
    outbox = Outbox(60)
    outbox.put(Piece(3.0, silence(1.0)))
    outbox.abandon()
    assert outbox.losses("gone") == [Dropped(3.0, 1.0, "gone")]
    assert len(outbox) == 0


def test_whatever_happens_every_byte_is_sent_or_told() -> None:
    random = Random(7)
    outbox, fed, sent, lost, at = Outbox(2.0), 0, 0, 0.0, 0.0
    for _ in range(3000):
        if random.random() < 0.6:
            pcm = silence(random.choice([0.02, 0.06, 0.3]))
            at += random.choice([0.0, 0.0, 0.0, 4.0])
            outbox.put(Piece(at, pcm))
            at += len(pcm) / BYTES_PER_SECOND
            fed += len(pcm)
        elif (frame := outbox.take(8192)) is not None:
            assert 0 < len(frame.pcm) <= 8192
            if random.random() < 0.3:
                outbox.restore(frame)
            else:
                sent += len(frame.pcm)
        lost += sum(loss.seconds for loss in outbox.losses("x")) * BYTES_PER_SECOND
    assert len(outbox) <= 2 * BYTES_PER_SECOND
    # A loss spans the joints between its pieces, at most 0.1 s each.
    assert sent + lost + len(outbox) >= fed - 1
