// Fetch what was said: ACCESS_TOKEN=$(minutes token) node examples/messages.mjs CONVERSATION_ID
const engine = process.env.ENGINE_URL ?? "http://127.0.0.1:8765";
const answer = await fetch(`${engine}/v1/conversations/${process.argv[2]}/messages`, {
  headers: { Authorization: `Bearer ${process.env.ACCESS_TOKEN}` },
});
if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
for (const { from, text } of (await answer.json()).messages) console.log(`${from.name}: ${text}`);
