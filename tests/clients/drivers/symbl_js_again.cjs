// npm @symblai/symbl-js: one socket that is kept over a stop and starts again; then an application that nobody knows.
"use strict";
const { sdk, SDK } = require("@symblai/symbl-js");
const { settings, speak, run } = require("./speech.cjs");
const { url, appId, appSecret, connectionId } = settings;

run(async () => {
  sdk.oauth2.setBasePath(url);
  await sdk.init({ appId, appSecret, basePath: url });

  const record = { messages: [], frames: [] };
  const stream = await sdk.createStream({
    id: connectionId,
    disconnectOnStopRequest: false,
    disconnectOnStopRequestTimeout: 60,
    config: { meetingTitle: "Twice", sampleRateHertz: 16000 },
    speaker: { userId: "jane@example.com", name: "Jane" },
    handlers: {
      onMessageResponse: (messages) => record.messages.push(...messages),
      onDataReceived: (frame) => frame.type === "message" && record.frames.push(frame.message),
    },
  });
  for (let turn = 0; turn < 2; turn += 1) {
    await stream.start();
    await speak((frame) => stream.sendAudio(frame));
    await stream.stop();
  }
  stream.close();

  const stranger = new SDK();
  stranger.oauth2.setBasePath(url);
  record.refused = await stranger.init({ appId, appSecret: "wrong", basePath: url }).catch((error) => error.message);
  return record;
});
