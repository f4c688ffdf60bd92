// npm @symblai/symbl-js: the line breaks in the middle, and the client comes back by itself.
"use strict";
const net = require("node:net");
const { sdk } = require("@symblai/symbl-js");
const { settings, speak, run } = require("./speech.cjs");
const { url, appId, appSecret, connectionId } = settings;

// A line to the engine that can be cut.
function line() {
  const ends = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(Number(new URL(url).port), "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const end of [near, far]) {
      ends.add(end);
      end.on("error", () => end.destroy()); // the other end was cut
      end.on("close", () => ends.delete(end));
    }
  });
  const cut = () => ends.forEach((end) => end.resetAndDestroy());
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ cut, url: `http://127.0.0.1:${server.address().port}` }));
  });
}

run(async () => {
  const road = await line();
  sdk.oauth2.setBasePath(url);
  await sdk.init({ appId, appSecret, basePath: road.url });

  const record = { messages: [], conversations: [] };
  let begun = () => {};
  let said = () => {};
  const everything = new Promise((resolve) => {
    said = resolve;
  });
  const stream = await sdk.createStream({
    id: connectionId,
    reconnectOnError: true,
    noConnectionTimeout: 60,
    config: { meetingTitle: "Broken line", sampleRateHertz: 16000 },
    speaker: { userId: "jane@example.com", name: "Jane" },
    handlers: {
      onMessageResponse: (messages) => {
        record.messages.push(...messages);
        if (messages.some((message) => message.payload.content.includes("Monday"))) said(); // the recording's last word
      },
      onDataReceived: (frame) => {
        if (frame.type !== "message" || frame.message.type !== "recognition_started") return;
        record.conversations.push(frame.message.data.conversationId);
        begun();
      },
    },
  });
  await stream.start();
  await speak((frame) => stream.sendAudio(frame));
  await everything;
  const again = new Promise((resolve) => {
    begun = resolve;
  });
  road.cut();
  await again;
  await speak((frame) => stream.sendAudio(frame));
  await stream.stop();
  return record;
});
