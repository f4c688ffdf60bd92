from hypothesis import given
from hypothesis import strategies as st

from bot.publish.budget import Budget


def test_an_idle_thread_is_written_to_at_once() -> None:
    assert Budget().wait(100.0) == 0.0


def test_a_busy_thread_gets_about_one_message_a_second() -> None:
    budget, now, posts = Budget(), 0.0, 0
    while now < 60:
        now += budget.wait(now)
        budget.spend(now)
        posts += 1

    assert 45 <= posts <= 62


def test_the_second_message_after_a_pause_hardly_waits() -> None:
    budget = Budget()
    budget.spend(0.0)

    assert budget.wait(0.0) <= 0.15
    assert budget.wait(2.0) == 0.0


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=80))
def test_never_more_than_five_in_five_seconds(pauses: list[float]) -> None:
    budget, now, posts = Budget(), 0.0, []
    for pause in pauses:
        now += pause
        now += budget.wait(now)
        budget.spend(now)
        posts.append(now)

    assert all(later - earlier > 5.0 for earlier, later in zip(posts, posts[5:], strict=False))


def test_a_closed_budget_waits_as_long_as_discord_says() -> None:
    budget = Budget()
    budget.close(10.0, 4.0)

    assert budget.wait(11.0) == 3.0
    assert budget.wait(14.0) == 0.0
