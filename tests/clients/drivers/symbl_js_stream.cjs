// npm @symblai/symbl-js: a stream with every handler, and a second connection that only listens.
"use strict";
const { sdk } = require("@symblai/symbl-js");
const { settings, speak, run } = require("./speech.cjs");
const { url, appId, appSecret, connectionId } = settings;

run(async () => {
  // Point it at the engine:
  sdk.oauth2.setBasePath(url);
  await sdk.init({ appId, appSecret, basePath: url });
  // As ever from here.

  const record = { results: [], messages: [], insights: [], topics: [], trackers: [], heard: [], frames: [] };
  const stream = await sdk.createStream({
    id: connectionId,
    insightTypes: ["question", "action_item", "follow_up"],
    trackers: [{ name: "Payment", vocabulary: ["payment bug"] }],
    config: { meetingTitle: "From symbl-js", confidenceThreshold: 0.5, timezoneOffset: 0, languageCode: "en-US", sampleRateHertz: 16000 },
    speaker: { userId: "jane@example.com", name: "Jane" },
    handlers: {
      onSpeechDetected: (result) => record.results.push(result),
      onMessageResponse: (messages) => record.messages.push(...messages),
      onInsightResponse: (insights) => record.insights.push(...insights),
      onTopicResponse: (topics) => record.topics.push(...topics),
      onTrackerResponse: (frame) => record.trackers.push(...frame.trackers),
      onDataReceived: (frame) => record.frames.push(frame.type === "message" ? frame.message.type : frame.type),
    },
  });
  await stream.start();
  record.conversationId = await stream.conversationId;
  const listener = await sdk.subscribeToStream(connectionId, (frame) => record.heard.push(frame.type));

  await speak((frame) => stream.sendAudio(frame));
  record.stopped = await stream.stop();
  listener.close();
  return record;
});
