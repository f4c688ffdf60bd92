// npm @symblai/symbl-js: its older way of streaming, `startRealtimeRequest`.
"use strict";
const { sdk } = require("@symblai/symbl-js");
const { settings, speak, run } = require("./speech.cjs");
const { url, appId, appSecret, connectionId } = settings;

run(async () => {
  sdk.oauth2.setBasePath(url);
  await sdk.init({ appId, appSecret, basePath: url });

  const record = { results: [], messages: [], insights: [] };
  const connection = await sdk.startRealtimeRequest({
    id: connectionId,
    insightTypes: ["question", "action_item"],
    config: { meetingTitle: "From symbl-js", confidenceThreshold: 0.5, sampleRateHertz: 16000 },
    speaker: { userId: "jane@example.com", name: "Jane" },
    handlers: {
      onSpeechDetected: (result) => record.results.push(result),
      onMessageResponse: (messages) => record.messages.push(...messages),
      onInsightResponse: (insights) => record.insights.push(...insights),
    },
  });
  record.conversationId = connection.conversationId;
  await speak((frame) => connection.sendAudio(frame));
  record.stopped = await connection.stop();
  return record;
});
