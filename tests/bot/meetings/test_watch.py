from __future__ import annotations

from bot.meetings.watch import DeafnessWatch, LonelinessWatch, Outage
from bot.voice.events import SpeakerHealth, VoiceHealth


def health(undecryptable: int = 0, people: int = 2) -> VoiceHealth:
    return VoiceHealth(
        connected=True,
        encrypted_ready=True,
        people=people,
        speakers=(SpeakerHealth(1, undecryptable=undecryptable),),
    )


def watched(watch: DeafnessWatch, seconds: int, each: int, *, since: int = 0, people: int = 2) -> list[str]:
    texts = (watch.tick(float(now), health(each * now, people)) for now in range(since, since + seconds))
    return [text for text in texts if text]


def test_two_minutes_of_sound_that_cannot_be_decrypted_are_told_once() -> None:
    watch = DeafnessWatch()
    (text,) = watched(watch, 300, 50)
    assert "could not decrypt anything for 120 s" in text
    assert watch.heard(301.0) == "I can hear again."
    assert watch.heard(302.0) is None


def test_a_quiet_channel_is_not_deafness() -> None:
    assert watched(DeafnessWatch(), 300, 0) == []


def test_an_empty_channel_is_not_deafness() -> None:
    assert watched(DeafnessWatch(), 300, 50, people=0) == []


def test_voices_whose_owner_cannot_be_found_are_deafness_too() -> None:
    watch = DeafnessWatch()
    watch.tick(0.0, health())
    watch.lost()
    assert watch.tick(119.0, health()) is None
    assert watch.tick(121.0, health()) is not None


def test_old_trouble_is_not_new_trouble() -> None:
    watch = DeafnessWatch()
    watch.heard(10.0)
    assert watch.tick(10.5, health(500)) is None
    assert [watch.tick(10.5 + seconds, health(500)) for seconds in (100, 200, 300)] == [None, None, None]


def test_hearing_again_starts_the_two_minutes_anew() -> None:
    watch = DeafnessWatch()
    assert watched(watch, 100, 50) == []
    watch.heard(100.0)
    assert watched(watch, 100, 50, since=100) == []
    assert len(watched(watch, 100, 50, since=200)) == 1


def test_a_short_outage_is_told_once_when_it_is_over() -> None:
    outage = Outage("The voice connection")
    outage.began(10.0)
    outage.began(12.0)
    assert outage.tick(20.0) is None
    assert outage.ended(21.5) == "The voice connection was lost for 11.5 s."
    assert outage.ended(22.0) is None


def test_a_long_outage_is_told_while_it_lasts_and_when_it_is_over() -> None:
    outage = Outage("The voice connection")
    outage.began(10.0)
    texts = [outage.tick(float(now)) for now in range(11, 60)]
    assert [text for text in texts if text] == ["The voice connection has been lost for 15 s; I keep trying to get it back."]
    assert outage.ended(60.0) == "The voice connection is back after 50 s."


def test_the_meeting_may_end_when_nobody_was_there_for_a_minute_without_a_break() -> None:
    watch = LonelinessWatch(60.0)
    people = [0] * 50 + [1] + [0] * 61
    assert [now for now, count in enumerate(people) if watch.tick(float(now), count)] == [111]
