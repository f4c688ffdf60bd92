"""The npm clients that run in a page, in headless Chromium with a recorded microphone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.heard import assert_insights, assert_streamed, assert_words

if TYPE_CHECKING:
    from tests.clients.browser import Browser
    from tests.clients.recording import Recording

pytestmark = [pytest.mark.clients, pytest.mark.model]


def test_web_sdk_streams(browser: Browser, microphone: Recording) -> None:
    record = browser.run("web_sdk.js")
    assert_streamed(record, microphone.text, ("question", "action_item"))
    assert record["events"] == ["started_listening", "conversation_created", "processing_started", "conversation_completed"]
    assert record["completed"]["conversationId"] == record["conversationId"]
    assert record["connected"] is False
    assert_words([message["payload"]["content"] for message in record["heard"]], microphone.text)


def test_dyte_captions(browser: Browser, microphone: Recording) -> None:
    record = browser.run("dyte.js")
    captions = [caption for caption in record["captions"] if not caption["isPartialTranscript"]]
    assert_words([caption["text"] for caption in captions], microphone.text)
    assert {caption["displayName"] for caption in captions} == {"Jane"}
    assert {caption["conversationId"] for caption in captions} == {record["conversationId"]}
    insights = [insight for frame in record["frames"] if frame["type"] == "insight_response" for insight in frame["insights"]]
    assert_insights([(insight["type"], insight["payload"]["content"]) for insight in insights], ("question", "action_item"))
