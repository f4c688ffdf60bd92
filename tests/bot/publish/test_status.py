from dataclasses import replace

from bot.meetings.status import MeetingStatus, SpeakerStatus, State
from bot.publish.status import status_text
from wire.reports import Reading

WELL = MeetingStatus(
    state=State.LISTENING,
    title="Weekly sync",
    seconds=123.0,
    voice_channel_id=5,
    thread_url="https://discord.test/1/77",
    conversation_id="42",
    speakers=(SpeakerStatus(1, "Ana", 3.0, 12), SpeakerStatus(2, "Ben", None, 1)),
    lines=13,
    words=80,
    loss=0.004,
    voice_connected=True,
    encrypted_ready=True,
    people=3,
    engine_alive=True,
    engine_lag=0.9,
)


def test_all_is_well() -> None:
    assert status_text(WELL) == (
        "**Weekly sync** · listening for 2:03 in <#5>\n"
        "✅ Hearing: connected, 0.4% of the sound lost on the way\n"
        "✅ Engine: lines come 0.9 s after they are said\n"
        "3 people here · 13 lines · 80 words\n"
        "Transcript: https://discord.test/1/77\n"
        "- **Ana**: 12 lines, last heard 0:03 ago\n"
        "- **Ben**: 1 line, not heard yet"
    )


def test_every_trouble_is_marked() -> None:
    troubles = {
        "⚠️ Hearing: the voice connection is lost": replace(WELL, voice_connected=False),
        "⚠️ Hearing: connected, waiting for the keys": replace(WELL, encrypted_ready=False),
        "⚠️ Hearing: connected, 7.0% of the sound lost": replace(WELL, loss=0.07),
        "⚠️ Engine: does not answer": replace(WELL, engine_alive=False),
        "⚠️ Engine: lines come 9.0 s after": replace(WELL, engine_lag=9.0),
    }
    for text, status in troubles.items():
        assert text in status_text(status)


def test_how_far_a_language_model_has_read_is_shown_while_it_reads() -> None:
    reading = Reading(status="in_progress", model="*small*", made_by="local", progress=0.4)
    assert "\\*small\\* reads the meeting: 40% done\n" in status_text(replace(WELL, reading=reading))
    assert "reads" not in status_text(replace(WELL, reading=reading.model_copy(update={"status": "completed"})))


def test_a_crowd_fits_into_one_message() -> None:
    crowd = tuple(SpeakerStatus(number, "*" * 32, 1.0, 1) for number in range(99))
    text = status_text(replace(WELL, speakers=crowd))

    assert len(text) <= 2000
    assert text.endswith("more")
