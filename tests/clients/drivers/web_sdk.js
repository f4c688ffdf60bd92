// npm @symblai/symbl-web-sdk in a page, with the microphone.
import { Symbl } from "@symblai/symbl-web-sdk";
import { run, settings } from "./page.js";
const { url, appId, appSecret, connectionId, milliseconds } = settings;

run(async () => {
  // Point it at the engine:
  const symbl = new Symbl({ appId, appSecret, basePath: url });
  // As ever from here.

  const record = { events: [], results: [], messages: [], insights: [], topics: [], heard: [] };
  const connection = await symbl.createConnection(connectionId);
  const completed = new Promise((resolve) => {
    connection.on("conversation_completed", resolve);
  });
  for (const name of ["started_listening", "conversation_created", "processing_started", "conversation_completed"]) {
    connection.on(name, () => record.events.push(name));
  }
  connection.on("speech_recognition", (result) => record.results.push(result));
  connection.on("message", (messages) => record.messages.push(...messages));
  for (const kind of ["question", "action_item", "follow_up"]) {
    connection.on(kind, (insight) => record.insights.push(insight));
  }
  connection.on("topic", (topics) => record.topics.push(...topics));

  await connection.startProcessing({
    insightTypes: ["question", "action_item"],
    config: { meetingTitle: "From the web SDK", confidenceThreshold: 0.5 },
    speaker: { userId: "jane@example.com", name: "Jane" },
  });
  const listener = await symbl.subscribeToConnection(connectionId);
  listener.on("message", (messages) => record.heard.push(...messages));
  await Symbl.wait(milliseconds);
  await connection.stopProcessing();
  record.completed = await completed;
  record.conversationId = connection.getConversationId();
  listener.disconnect();
  await connection.disconnect();
  record.connected = connection.isConnected();
  return record;
});
