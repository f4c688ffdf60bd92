// Stream a recording (WAV, 16 bit, mono): ACCESS_TOKEN=$(minutes token) node examples/stream.mjs FILE
// Node 22 or newer; Node 20 with --experimental-websocket. From a microphone: arecord -f S16_LE -r 16000 -t wav | node examples/stream.mjs /dev/stdin
import { createReadStream } from "node:fs";
import { once } from "node:events";

const engine = (process.env.ENGINE_URL ?? "http://127.0.0.1:8765").replace("http", "ws");
const file = createReadStream(process.argv[2], { highWaterMark: 8192 });
const [first] = await once(file.pause(), "readable").then(() => [file.read()]);
const socket = new WebSocket(`${engine}/v1/streaming/${crypto.randomUUID()}?access_token=${process.env.ACCESS_TOKEN}`);

socket.onopen = () => socket.send(JSON.stringify({
  type: "start_request",
  meetingTitle: "Example",
  insightTypes: ["question", "action_item", "follow_up", "topic"],
  config: { confidenceThreshold: 0.5, speechRecognition: { encoding: "LINEAR16", sampleRateHertz: first.readUInt32LE(24) } },
  speaker: { userId: "ana@example.com", name: "Ana" },
}));

async function send() {
  socket.send(first.subarray(44)); // behind the WAV header
  for await (const block of file) {
    socket.send(block);
    while (socket.bufferedAmount > 65536) await new Promise((later) => setTimeout(later, 10)); // no faster than it is taken
  }
  socket.send(JSON.stringify({ type: "stop_request" }));
}

socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  if (frame.message?.type === "started_listening") send();
  if (frame.message?.type === "conversation_created") console.log("conversation", frame.message.data.conversationId);
  for (const { from, payload } of frame.messages ?? []) console.log(`${from.name}: ${payload.content}`);
  for (const { type, payload } of frame.insights ?? []) console.log(`${type}: ${payload.content}`);
  if (frame.type === "error") console.error(frame.message, frame.details), process.exit(1);
  if (frame.topics) console.log("topics:", frame.topics.map(({ phrases }) => phrases).join(", "));
};
socket.onerror = ({ message }) => console.error("the engine cannot be reached:", message);
