/** A meeting that goes on: the microphone, the stream, and what is shown of them. */

import { announce, copy, settled, state, tell } from "./banner.js";
import { byId, element } from "./dom.js";
import { clock } from "./format.js";
import { Listener } from "./listener.js";
import { Meeting } from "./meeting.js";
import { Meter } from "./meter.js";
import { Microphone } from "./microphone.js";
import { Notes } from "./notes.js";
import { Problem } from "./problems.js";
import { Stream } from "./stream.js";
import { Transcript } from "./transcript.js";

const LABELS = { action_item: "Action item", follow_up: "Follow-up", question: "Question" };
/** An interim that is not heard of any more, in milliseconds: its speaker has lost the line. */
const STALE = 15_000;
/** Pixels from the end in which the transcript still follows the talk. */
const FOLLOW = 80;

export class Live {
  #api;
  #connectionId;
  #meeting = new Meeting();
  #transcript;
  #notes;
  #meter;
  #stream;
  #listener = null;
  #microphone = null;
  #interims = new Map();
  #known = new Set();
  #startedAt = Date.now();
  #ticker = 0;
  #listening = new AbortController();
  #ended;
  #end;

  constructor(api, connectionId, name) {
    this.#api = api;
    this.#connectionId = connectionId;
    this.#transcript = new Transcript(byId("live-lines"), () => this.#meeting.start ?? this.#startedAt);
    this.#transcript.clear();
    byId("interims").replaceChildren();
    this.#notes = new Notes("live", this.#meeting, this.#transcript, (key) => this.#look(key));
    this.#meter = new Meter(byId("meter"), byId("heard"));
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    const title = `Meeting of ${new Date().toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}`;
    this.#meeting.name = title;
    this.#stream = new Stream(connectionId, name, title, api, {
      frame: (frame) => this.#take(frame),
      state: (what, problem) => this.#turn(what, problem),
      lost: (seconds) => this.#transcript.note(`[gap ${seconds.toFixed(1)} s: the engine was away for too long]`),
    });
  }

  /** Open the microphone and the stream; returns when both are open. Throws a `Problem`. */
  async begin() {
    await this.#openMicrophone();
    try {
      await this.#stream.open();
    } catch (error) {
      await this.#microphone.close();
      throw error;
    }
    this.#listener = new Listener(this.#connectionId, this.#api, (frame) => this.#overhear(frame));
    this.#bind();
    this.#ticker = setInterval(() => this.#tick(), 500);
  }

  /** The meeting when it has ended, and whether the engine holds all of it. */
  get ended() {
    return this.#ended;
  }

  async #openMicrophone() {
    const sound = (pcm, level) => {
      this.#meter.hear(level);
      this.#stream.feed(pcm);
    };
    this.#microphone = await Microphone.open(sound, () => tell(new Problem("unplugged"), ["Reopen microphone", () => this.#reopen()]));
    this.#microphone.mute(byId("mute").getAttribute("aria-pressed") === "true");
  }

  async #reopen() {
    try {
      await this.#microphone.close();
      await this.#openMicrophone();
      settled();
    } catch (error) {
      tell(error, ["Reopen microphone", () => this.#reopen()]);
    }
  }

  // What the engine says

  #turn(what, problem) {
    if (what === "listening") {
      state("Live", "live");
      settled();
      this.#catchUp();
    } else if (what === "away") {
      state("Waiting for the engine", "away");
      tell(problem, ["End without it", () => this.#finish(() => this.#stream.abandon())]);
    } else if (what === "stopping") {
      state("Waiting for the last words");
      settled();
    } else this.#finish();
  }

  /** What was said before this page came, or while it had lost its line. */
  async #catchUp() {
    try {
      this.#show(this.#meeting.merge(await this.#api.conversation(this.#stream.conversationId)), false);
      this.#transcript.refresh();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // The stream's own line says when the engine is gone.
    }
  }

  #take(frame) {
    const people = this.#meeting.people.size;
    if (frame.message?.type === "recognition_result") this.#interim(frame.message);
    else this.#show(this.#meeting.take(frame), true);
    if (this.#meeting.people.size > people) this.#catchUp(); // the engine knows in which order people came
  }

  #overhear(frame) {
    if (frame.message?.type === "recognition_result") this.#take(frame);
  }

  #interim({ user, isFinal, punctuated }) {
    if (!user?.id) return;
    const shown = this.#interims.get(user.id);
    if (isFinal) {
      shown?.item.remove();
      this.#interims.delete(user.id);
      return;
    }
    const person = this.#meeting.person(user);
    if (shown) shown.said.textContent = punctuated.transcript;
    else {
      const said = element("p", { class: "said" }, punctuated.transcript);
      const item = element("div", { class: `line interim s${person.index % 8}` }, element("span", { class: "who" }, person.name), said);
      byId("interims").append(item);
      this.#interims.set(user.id, { item, said });
    }
    this.#interims.get(user.id).at = Date.now();
    this.#follow();
  }

  #show({ lines, insights, topics }, fresh) {
    if (lines.length > 0) {
      this.#transcript.show(this.#meeting.lines);
      byId("live-hint").hidden = true;
      this.#follow();
    }
    if (insights.length + topics.length === 0) return;
    this.#notes.show();
    const found = insights.filter((item) => !this.#known.has(item.key));
    for (const item of found) this.#known.add(item.key);
    byId("notes-count").textContent = String(this.#meeting.insights.size || "");
    if (fresh && found.length > 0) announce(found.map((item) => `${LABELS[item.kind]}: ${item.text}`).join(" "));
  }

  // What the person does

  #bind() {
    const { signal } = this.#listening;
    const on = (id, event, action) => byId(id).addEventListener(event, action, { signal });
    on("stop", "click", () => this.#stop());
    on("mute", "click", () => this.#mute());
    on("share", "click", () => copy(byId("share"), `${location.origin}/#${this.#connectionId}`));
    on("newest", "click", () => this.#follow(true));
    on("live-scroll", "scroll", () => (byId("newest").hidden = this.#following()));
    on("show-words", "click", () => this.#tab(false));
    on("show-notes", "click", () => this.#tab(true));
    const resized = new ResizeObserver(() => this.#follow());
    resized.observe(byId("live-scroll"));
    signal.addEventListener("abort", () => resized.disconnect());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#notes.release(), { signal });
    window.addEventListener("pagehide", () => this.#stream.abandon(), { signal });
  }

  #mute() {
    const muted = byId("mute").getAttribute("aria-pressed") !== "true";
    byId("mute").setAttribute("aria-pressed", String(muted));
    this.#microphone.mute(muted);
    this.#meter.mute(muted);
  }

  async #stop() {
    byId("stop").disabled = true;
    await this.#microphone.close();
    await this.#stream.stop();
  }

  #tab(notes) {
    byId("live").classList.toggle("show-notes", notes);
    byId("show-notes").setAttribute("aria-pressed", String(notes));
    byId("show-words").setAttribute("aria-pressed", String(!notes));
  }

  #look(key) {
    this.#tab(false);
    this.#transcript.reveal(key);
  }

  #following() {
    const { scrollHeight, scrollTop, clientHeight } = byId("live-scroll");
    return scrollHeight - scrollTop - clientHeight < FOLLOW;
  }

  /** Stay with the newest words, unless somebody reads further up. */
  #follow(always = false) {
    if (!always && !byId("newest").hidden) return;
    const box = byId("live-scroll");
    box.scrollTop = box.scrollHeight;
    byId("newest").hidden = true;
  }

  #tick() {
    byId("clock").textContent = clock((Date.now() - (this.#meeting.start ?? this.#startedAt)) / 1000);
    for (const [id, { item, at }] of this.#interims) {
      if (Date.now() - at < STALE) continue;
      item.remove();
      this.#interims.delete(id);
    }
  }

  async #finish(first = () => {}) {
    if (this.#listening.signal.aborted) return;
    this.#listening.abort();
    first();
    clearInterval(this.#ticker);
    this.#listener?.close();
    await this.#microphone.close();
    settled();
    state("");
    this.#meeting.id ||= this.#stream.conversationId;
    this.#meeting.start ??= this.#startedAt;
    this.#end(this.#meeting);
  }
}
