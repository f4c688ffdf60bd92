// What the Node drivers share: the settings they were started with, recorded speech, and the record they print at the end.
"use strict";
const fs = require("node:fs");
const { setTimeout: wait } = require("node:timers/promises");

const FRAME_BYTES = 3200; // 100 ms of 16 kHz LINEAR16, as the documentation advises
const FRAME_PERIOD = 25; // ms; four times as fast as speech

const settings = {
  url: process.env.ENGINE_URL,
  appId: process.env.APP_ID,
  appSecret: process.env.APP_SECRET,
  connectionId: process.env.CONNECTION_ID,
};

// Hands over every frame of the recording, one after the other.
async function speak(send) {
  const sound = fs.readFileSync(process.env.SPEECH);
  for (let at = 0; at < sound.length; at += FRAME_BYTES) {
    send(sound.subarray(at, at + FRAME_BYTES));
    await wait(FRAME_PERIOD);
  }
}

// The last line of stdout is the record; then the process ends, whatever timers the client still holds.
function report(record) {
  process.stdout.write(`\n${JSON.stringify(record)}\n`, () => process.exit(0));
}

// Runs a driver; what it throws ends the process with the reason on stderr. The clients call handlers by `setImmediate`, so the
// last of them may still be due when `stop()` has resolved.
function run(driver) {
  driver().then((record) => setImmediate(report, record), (error) => {
    process.stderr.write(`${(error && error.stack) || JSON.stringify(error)}\n`, () => process.exit(1));
  });
}

module.exports = { settings, speak, run, wait };
