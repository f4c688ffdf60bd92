"""The PyPI clients, each as it was published, against the engine with its real recogniser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.heard import assert_insights, assert_words

if TYPE_CHECKING:
    from tests.clients.conftest import RunPython
    from tests.clients.recording import Recording

pytestmark = [pytest.mark.clients, pytest.mark.model]

KINDS = ("question", "action_item", "follow_up")


def test_symbl_streams_and_reads(run_python: RunPython, speech: Recording) -> None:
    record = run_python("symbl_streaming.py")
    assert_words([message["payload"]["content"] for message in record["messages"]], speech.text)
    assert_insights([(insight["type"], insight["payload"]["content"]) for insight in record["insights"]], KINDS)
    assert any("payment bug" in topic["phrases"] for topic in record["topics"])
    assert {tracker["name"] for tracker in record["trackers"]} == {"Payment"}
    assert all("sentiment" in message for message in record["messages"])
    assert record["stopped"], "the server did not close after the stop request"

    rest = record["rest"]
    assert rest["conversation"]["name"] == "From Python"
    assert_words([message["text"] for message in rest["messages"]["messages"]], speech.text)
    items = [*rest["questions"]["questions"], *rest["action_items"]["action_items"], *rest["follow_ups"]["follow_ups"]]
    assert_insights([(item["type"], item["text"]) for item in items], KINDS)
    assert [member["email"] for member in rest["members"]["members"]] == ["jane@example.com"]
    assert any(topic["text"] == "payment bug" for topic in rest["topics"]["topics"])
    assert {message["sentiment"]["suggested"] for message in rest["messages"]["messages"]} <= {"negative", "neutral", "positive"}
    assert "payment bug" in str(rest["trackers"])
    assert any("Thursday" in str(entity) for entity in rest["entities"]["entities"])
    assert {metric["type"] for metric in rest["analytics"]["metrics"]} == {"total_silence", "total_talk_time", "total_overlap"}


def test_symbl_rest_reads(run_python: RunPython, speech: Recording, conversation_id: str) -> None:
    record = run_python("symbl_rest_reading.py", CONVERSATION_ID=conversation_id)
    assert 0 < record["expires_in"] <= 86_400
    assert (record["conversation"]["id"], record["conversation"]["name"]) == (conversation_id, "From bare frames")
    assert_words([message["text"] for message in record["messages"]["messages"]], speech.text)
    words = [word["word"] for message in record["verbose"]["messages"] for word in message["words"]]
    assert_words(words, speech.text)
    items = [*record["questions"]["questions"], *record["action_items"]["actionItems"], *record["follow_ups"]["followUps"]]
    assert_insights([(item["type"], item["text"]) for item in items], KINDS)
    assert len(record["insights"]["insights"]) == len(items)
    assert [member["name"] for member in record["analytics"]["members"]] == ["Jane"]
    assert isinstance(record["trackers"], list)
    assert isinstance(record["entities"]["entities"], list)
    assert "updated successfully" in record["renamed"]["message"]
    assert [member["name"] for member in record["as_renamed"]["members"]] == ["Janet"]
    assert record["unknown"] == {"status": 404, "body": {"message": "The conversationId is either invalid or does not exist."}}
    assert record["refused"]["status"] == 401


def test_symbl_hands_text_and_sound_over(run_python: RunPython, call: Recording) -> None:
    record = run_python("symbl_jobs.py", RECORDING=str(call.path))
    assert record["jobs"] == ["completed"] * 3
    assert record["same"]
    assert [message["text"] for message in record["written"]] == [
        "Who fixes the payment bug?",
        "I will fix it by Friday.",
        "Let us meet on Monday about the release plan.",
    ]
    assert [message["_from"]["name"] for message in record["written"]] == ["Jane", "Bob", "Jane"]
    (promised,) = record["promised"]
    assert "fix" in promised["text"]
    assert record["name"] == "From a file"
    assert_words([message["text"] for message in record["heard"]], f"{call.text} {call.text}")
    names = [message["_from"]["name"] for message in record["heard"]]
    assert names[0] == "Jane", "the first channel asks"
    assert set(names) == {"Jane", "Bob", None}, "nobody was named for what was appended"
    assert all("payment bug" in asked["text"] for asked in record["asked"])
    assert "Payment" in str(record["tracked"])


def test_symbl_rest_hands_text_and_sound_over(run_python: RunPython, call: Recording) -> None:
    record = run_python("symbl_rest_jobs.py", RECORDING=str(call.path))
    assert (record["text"], record["more"], record["sound"]) == ("completed",) * 3
    assert record["said"] == ["Who fixes the payment bug?", "I will fix it by Friday."]
    assert_words(record["heard"], call.text)
    assert record["members"] == 2
    assert record["unknown"]["status"] == 404
    assert list(record["unknown"]["body"]) == ["message"]
