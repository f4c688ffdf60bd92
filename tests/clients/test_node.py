"""The npm clients that run in Node, each as it was published, against the engine with its real recogniser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.heard import assert_insights, assert_streamed, assert_words

if TYPE_CHECKING:
    from tests.clients.conftest import RunNode
    from tests.clients.recording import Recording

pytestmark = [pytest.mark.clients, pytest.mark.model]


def test_symbl_js_streams(run_node: RunNode, speech: Recording) -> None:
    record = run_node("symbl_js_stream.cjs")
    assert_streamed(record, speech.text, ("question", "action_item", "follow_up"))
    assert record["frames"][:3] == ["started_listening", "conversation_created", "recognition_started"]
    assert any("payment bug" in topic["phrases"] for topic in record["topics"])
    assert {match["value"] for tracker in record["trackers"] for match in tracker["matches"]} == {"payment bug"}
    assert record["conversationId"].isdigit()
    assert record["stopped"] == {}  # what `stop()` of a stream resolves to
    assert {"message", "message_response", "insight_response", "topic_response"} <= set(record["heard"])


def test_symbl_js_streams_in_its_older_way(run_node: RunNode, speech: Recording) -> None:
    record = run_node("symbl_js_realtime.cjs")
    assert_streamed(record, speech.text, ("question", "action_item"))
    assert record["stopped"]["conversationId"] == record["conversationId"]


def test_symbl_js_stops_and_starts_again(run_node: RunNode, speech: Recording) -> None:
    record = run_node("symbl_js_again.cjs")
    assert_words([message["payload"]["content"] for message in record["messages"]], f"{speech.text} {speech.text}")
    begun = [frame["data"]["conversationId"] for frame in record["frames"] if frame["type"] == "recognition_started"]
    assert len(begun) == 2
    assert len(set(begun)) == 1, "the second start made another conversation"
    ends = [frame["type"] for frame in record["frames"] if frame["type"] in {"recognition_stopped", "conversation_completed"}]
    assert ends == ["recognition_stopped", "recognition_stopped"]
    assert record["refused"] == "Combination of appId and appSecret is not valid."


def test_symbl_js_comes_back_after_its_line_broke(run_node: RunNode, speech: Recording) -> None:
    record = run_node("symbl_js_reconnect.cjs")
    assert len(record["conversations"]) == 2
    assert len(set(record["conversations"])) == 1, "the connection id led to another conversation"
    assert_words([message["payload"]["content"] for message in record["messages"]], f"{speech.text} {speech.text}")


def test_symbl_node_streams(run_node: RunNode, speech: Recording) -> None:
    record = run_node("symbl_node.cjs")
    assert_streamed(record, speech.text, ("question", "action_item"))
    assert record["stopped"]["conversationId"] == record["conversationId"]
    assert {"message", "message_response", "insight_response"} <= set(record["heard"])


def test_api_client_reads(run_node: RunNode, speech: Recording, conversation_id: str) -> None:
    record = run_node("api_client.cjs", CONVERSATION_ID=conversation_id)
    assert 0 < record["expiresIn"] <= 86_400
    assert (record["conversation"]["id"], record["conversation"]["name"]) == (conversation_id, "From bare frames")
    assert_words([message["text"] for message in record["messages"]], speech.text)
    items = [*record["questions"], *record["actionItems"], *record["followUps"]]
    assert_insights([(item["type"], item["text"]) for item in items], ("question", "action_item", "follow_up"))
    assert len(record["insights"]) == len(items)
    assert [member["name"] for member in record["members"]] == ["Jane"]
    assert any(topic["text"] == "payment bug" for topic in record["topics"])
    assert record["unknown"] == {"status": 404, "body": {"message": "The conversationId is either invalid or does not exist."}}
    assert record["refused"]["status"] == 401
