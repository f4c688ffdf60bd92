from __future__ import annotations

from bot.meetings.gaps import GapKeeper, Loss


def loss(start: float, seconds: float, user_id: int | None = 1, reason: str = "packets lost") -> Loss:
    return Loss(user_id, start, start + seconds, seconds, reason)


def test_losses_that_follow_each_other_are_one_gap_told_when_it_is_over() -> None:
    keeper = GapKeeper()
    assert [keeper.lost(loss(start, 0.5)) for start in (10.0, 11.0, 12.0)] == [[], [], []]
    assert keeper.over(13.0) == []
    assert keeper.over(15.0) == [Loss(1, 10.0, 12.5, 1.5, "packets lost")]
    assert keeper.over(99.0) == []


def test_people_and_reasons_are_told_apart() -> None:
    keeper = GapKeeper()
    for item in (loss(10, 1), loss(10, 1, user_id=2), loss(10, 1, user_id=None), loss(10, 1, reason="engine away")):
        keeper.lost(item)
    assert len(keeper.flush()) == 4
    assert keeper.flush() == []


def test_a_later_loss_pushes_out_the_earlier_gap() -> None:
    keeper = GapKeeper()
    keeper.lost(loss(10, 1))
    assert keeper.lost(loss(20, 1)) == [loss(10, 1)]
    assert keeper.flush() == [loss(20, 1)]


def test_a_loss_that_costs_no_word_is_not_told() -> None:
    keeper = GapKeeper()
    keeper.lost(loss(10, 0.1))
    assert keeper.flush() == []
