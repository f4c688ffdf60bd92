/** One speaker's stream: survives its sockets, and loses no word that the tape can keep. */

import { Problem } from "./problems.js";
import { RATE } from "./resampler.js";
import { Tape } from "./tape.js";

/** Sound that is kept while the engine is away. */
const KEPT = 300 * RATE;
/** No utterance is longer: of sound that was sent, no more than this can still be without words. */
const UTTERANCE = 30 * RATE;
/** Samples of a frame: the 8,192 bytes that the API documents. */
const FRAME = 4096;
/** The engine dates a stream by its first frame, so held sound goes into it whole, up to the engine's bound. */
const FIRST_FRAME = 30 * RATE;
/** Bytes that may wait in the browser. */
const WAITING = 1 << 20;
const STOP = '{"type":"stop_request"}';
/** Milliseconds. */
const BEGIN = 10_000;
const FIRST_RETRY = 250;
const LAST_RETRY = 4_000;
/** The close code of an ending in order. */
const NORMAL = 1000;
/** Milliseconds. */
const PING = 10_000;
const PONG = 45_000;
/** After a line is lost, the engine needs this long to make words of what it had received. */
const SETTLE = 2_500;
const MOST_SETTLE = 15_000;
/** Seconds that the engine keeps a conversation for a page that lost its line. */
const HELD = 900;

export class Stream {
  /** The engine's id of the conversation, once it has said it. */
  conversationId = "";
  #address;
  #start;
  #api;
  #on;
  #tape = new Tape(KEPT);
  #socket = null;
  #flowing = false;
  #first = true;
  #cursor = 0;
  #base = 0;
  #worded = 0;
  #zero = 0;
  #user = "";
  #lost = 0;
  #stopping = false;
  #stopSent = false;
  #completed = false;
  #over = false;
  #done;
  #finish;
  #news = 0;
  #beat = 0;
  #turn = 0;

  /**
   * `on.frame(frame)` gets what the engine says, `on.state(name, problem)` one of listening, away, stopping, over, and
   * `on.lost(seconds)` sound that found no room on the tape.
   */
  constructor(connectionId, name, title, api, on) {
    this.#address = `${location.origin.replace(/^http/, "ws")}/v1/streaming/${encodeURIComponent(connectionId)}`;
    this.#start = JSON.stringify({
      type: "start_request",
      meetingTitle: title,
      insightTypes: ["question", "action_item", "follow_up", "topic"],
      config: {
        timezoneOffset: new Date().getTimezoneOffset(),
        speechRecognition: { encoding: "LINEAR16", sampleRateHertz: RATE },
      },
      speaker: { name },
      noConnectionTimeout: HELD,
    });
    this.#api = api;
    this.#on = on;
    this.#done = new Promise((resolve) => (this.#finish = resolve));
  }

  /** Connect; returns when the engine listens. Throws a `Problem`. */
  async open() {
    this.#take(await this.#connect());
    this.#flow(0);
  }

  /** 16 kHz mono LINEAR16. */
  feed(pcm) {
    this.#tape.append(pcm);
    if (this.#tape.base > this.#cursor) {
      this.#lost += this.#tape.base - this.#cursor;
      this.#cursor = this.#tape.base;
    }
    this.#pump();
  }

  /** Send what is left and wait for the last words. True: the engine confirmed the end; false: it was given up. */
  stop() {
    this.#stopping = true;
    if (this.#flowing) this.#on.state("stopping");
    this.#pump();
    return this.#done;
  }

  /** End now, whatever is still on its way. */
  abandon() {
    if (this.#socket?.readyState === WebSocket.OPEN && !this.#stopSent) this.#socket.send(STOP);
    this.#end(false);
  }

  async #connect() {
    const token = await this.#api.token();
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${this.#address}?access_token=${encodeURIComponent(token)}`);
      socket.binaryType = "arraybuffer";
      const fail = (problem) => {
        clearTimeout(patience);
        socket.onmessage = socket.onclose = null;
        socket.close();
        this.#api.forget();
        reject(problem);
      };
      const patience = setTimeout(() => fail(new Problem("gone")), BEGIN);
      socket.onopen = () => socket.send(this.#start);
      socket.onclose = () => fail(new Problem("gone"));
      socket.onmessage = ({ data }) => {
        const frame = this.#receive(data);
        if (frame.type === "error") fail(new Problem("refused", frame.details));
        if (frame.message?.type !== "recognition_started") return;
        clearTimeout(patience);
        resolve(socket);
      };
    });
  }

  #take(socket) {
    this.#socket = socket;
    this.#news = Date.now();
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#dropped(code);
    this.#beat = setInterval(() => this.#ping(socket), PING);
  }

  #hangUp() {
    clearInterval(this.#beat);
    if (this.#socket) this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket?.close();
  }

  #ping(socket) {
    if (Date.now() - this.#news > PONG) {
      this.#hangUp();
      this.#dropped();
    } else if (socket.readyState === WebSocket.OPEN) socket.send("__PING__");
  }

  /** From sample `place` on, sound goes out. */
  #flow(place) {
    this.#cursor = this.#base = place;
    this.#first = this.#flowing = true;
    if (this.#lost > 0) this.#on.lost(this.#lost / RATE);
    this.#lost = 0;
    this.#on.state(this.#stopping ? "stopping" : "listening");
    this.#pump();
  }

  #pump() {
    if (!this.#flowing) return;
    while (this.#cursor < this.#tape.end && this.#socket.bufferedAmount < WAITING) {
      const pcm = this.#tape.take(this.#cursor, this.#first ? FIRST_FRAME : FRAME);
      this.#socket.send(pcm);
      if (this.#first) this.#zero = Date.now() / 1000 - (this.#cursor + pcm.length) / RATE;
      this.#first = false;
      this.#cursor += pcm.length;
    }
    this.#tape.forget(Math.max(this.#worded, this.#cursor - UTTERANCE));
    if (!this.#stopping || this.#stopSent) return;
    if (this.#cursor < this.#tape.end) setTimeout(() => this.#pump(), 100);
    else {
      this.#stopSent = true;
      this.#socket.send(STOP);
    }
  }

  #receive(data) {
    this.#news = Date.now();
    if (data === "__PONG__") return {};
    const frame = JSON.parse(data);
    if (frame.type === "message") this.#note(frame.message, frame.timeOffset);
    else if (frame.type === "message_response") this.#date(frame.messages);
    this.#on.frame(frame);
    return frame;
  }

  #note(message, offset) {
    if (message.data?.conversationId) this.conversationId = message.data.conversationId;
    if (message.type === "conversation_completed") this.#completed = true;
    if (message.type !== "recognition_result") return;
    this.#user = message.user?.id ?? this.#user;
    if (message.isFinal) this.#worded = this.#base + Math.round((offset / 1000) * RATE);
  }

  /** A message follows the final result that it holds: so the engine's clock is known to the tape. */
  #date(messages) {
    for (const { from, duration } of messages) {
      if (this.#worded > this.#base && from.id === this.#user) this.#zero = seconds(duration.endTime) - this.#worded / RATE;
    }
  }

  /** A socket that the engine closed in order is over: the meeting has ended, or was deleted. */
  #dropped(code) {
    clearInterval(this.#beat);
    this.#flowing = false;
    if (this.#over) return;
    if (this.#completed || code === NORMAL) this.#end(this.#completed);
    else this.#comeBack(Date.now());
  }

  async #comeBack(droppedAt) {
    this.#turn += 1;
    const turn = this.#turn;
    this.#on.state("away", new Problem("away"));
    for (let attempt = 0; !this.#over && turn === this.#turn; attempt += 1) {
      await pause(Math.random() * Math.min(LAST_RETRY, FIRST_RETRY * 2 ** attempt));
      try {
        if (this.#stopSent && (await this.#hasEnded())) return;
        if (this.#over) return;
        const socket = await this.#connect();
        this.#take(socket);
        if (this.#over) {
          socket.send(STOP);
          this.#hangUp();
          return;
        }
        await this.#resume(socket, droppedAt);
        return;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (turn !== this.#turn || this.#over) return;
        this.#hangUp();
        if (error.kind !== "gone") this.#on.state("away", error);
      }
    }
  }

  /** The line went after the stop request: the conversation may have ended in order all the same. */
  async #hasEnded() {
    const about = await this.#api.get(`/${this.conversationId}`);
    if (about.endTime) this.#end(true);
    return Boolean(about.endTime);
  }

  /** Find what the engine has made words of, and go on behind it: what it received and what it lost, both are taken care of. */
  async #resume(socket, droppedAt) {
    await pause(droppedAt + SETTLE - Date.now());
    const patience = Date.now() + MOST_SETTLE;
    while (Date.now() < patience && (await this.#api.lag()) > 0.5) await pause(500);
    const { messages } = await this.#api.get(`/${this.conversationId}/messages`);
    const mine = messages.filter((message) => message.from.id === this.#user);
    const known = Math.max(0, ...mine.map((message) => Math.round((seconds(message.endTime) - this.#zero) * RATE)));
    const place = Math.max(this.#worded, Math.min(known, this.#cursor), this.#cursor - UTTERANCE, this.#tape.base);
    if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN || this.#over) return;
    this.#stopSent = false;
    this.#flow(Math.min(place, this.#tape.end));
  }

  #end(confirmed) {
    if (this.#over) return;
    this.#over = true;
    this.#flowing = false;
    this.#hangUp();
    this.#on.state("over");
    this.#finish(confirmed);
  }
}

function seconds(time) {
  return Date.parse(time) / 1000;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
