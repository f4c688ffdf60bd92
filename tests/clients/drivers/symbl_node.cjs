// npm symbl-node, the first Node SDK.
"use strict";
const { sdk } = require("symbl-node");
const { settings, speak, run } = require("./speech.cjs");
const { url, appId, appSecret, connectionId } = settings;

run(async () => {
  // Point it at the engine:
  sdk.oauth2.apiClient.basePath = url;
  await sdk.init({ appId, appSecret, basePath: url });
  // As ever from here.

  const record = { results: [], messages: [], insights: [], heard: [] };
  const connection = await sdk.startRealtimeRequest({
    id: connectionId,
    insightTypes: ["question", "action_item"],
    config: { meetingTitle: "From symbl-node", confidenceThreshold: 0.5, timezoneOffset: 0, languageCode: "en-US", sampleRateHertz: 16000 },
    speaker: { userId: "jane@example.com", name: "Jane" },
    handlers: {
      onSpeechDetected: (result) => record.results.push(result),
      onMessageResponse: (messages) => record.messages.push(...messages),
      onInsightResponse: (insights) => record.insights.push(...insights),
    },
  });
  record.conversationId = connection.conversationId;
  await sdk.subscribeToConnection(connectionId, (frame) => record.heard.push(frame.type));
  await speak((frame) => connection.sendAudio(frame));
  record.stopped = await connection.stop();
  return record;
});
