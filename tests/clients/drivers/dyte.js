// npm @dytesdk/symbl-transcription in a page, with the microphone. The hosted meeting that it is an add-on of is stood in for
// by the few members that it touches: who is there, a sound middleware on the microphone, a broadcast to everybody.
import * as dyte from "@dytesdk/symbl-transcription";
import { run, settings, wait } from "./page.js";
const { url, appId, appSecret, connectionId, milliseconds } = settings;

// Point it at the engine:
const Hosted = window.WebSocket;
window.WebSocket = class extends Hosted {
  constructor(address, protocols) {
    super(String(address).replace("wss://api.symbl.ai", url.replace("http", "ws")), protocols);
  }
};
// As ever from here.

class Meeting {
  constructor(name) {
    const listeners = new Set();
    const middlewares = new Map();
    this.meta = { roomName: connectionId, meetingTitle: "From Dyte" };
    this.participants = {
      on: (event, listener) => event === "broadcastedMessage" && listeners.add(listener),
      removeListener: (event, listener) => listeners.delete(listener),
      broadcastMessage: (type, payload) => listeners.forEach((listener) => listener({ type, payload })),
    };
    this.self = {
      id: "peer-1",
      clientSpecificId: "jane@example.com",
      name,
      addAudioMiddleware: async (middleware) => {
        const context = new AudioContext();
        const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
        const node = await middleware(context);
        context.createMediaStreamSource(microphone).connect(node).connect(context.createMediaStreamDestination());
        middlewares.set(middleware, context);
        return { success: true, message: "" };
      },
      removeAudioMiddleware: (middleware) => {
        const context = middlewares.get(middleware);
        if (context) context.close();
        middlewares.delete(middleware);
      },
    };
  }
}

run(async () => {
  const granted = await fetch(`${url}/oauth2/token:generate`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ type: "application", appId, appSecret }),
  });
  const { accessToken } = await granted.json();

  const record = { captions: [], frames: [] };
  const meeting = new Meeting("Jane");
  await dyte.activateTranscriptions({
    meeting,
    symblAccessToken: accessToken,
    languageCode: "en-US",
    symblStartRequestParams: { noConnectionTimeout: 0, insightTypes: ["question", "action_item"] },
    symblStreamingMessageCallback: (frame) => record.frames.push(frame),
  });
  await dyte.addTranscriptionsListener({
    meeting,
    noOfTranscriptionsToCache: 200,
    transcriptionsCallback: (captions) => {
      record.captions = captions.map(({ text, isPartialTranscript, displayName, conversationId }) => ({
        text,
        isPartialTranscript,
        displayName,
        conversationId,
      }));
    },
  });
  await wait(milliseconds);
  record.conversationId = record.captions.at(-1) && record.captions.at(-1).conversationId;
  await dyte.deactivateTranscriptions({ meeting });
  return record;
});
