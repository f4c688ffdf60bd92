/** Topics, action items, follow-ups and questions; each lights up the words that it comes from. */

import { byId, element } from "./dom.js";
import { dueDay } from "./format.js";
import { insightRanges, topicRanges } from "./words.js";

/** More topics than this are not read by anybody. */
const MOST_TOPICS = 16;

export class Notes {
  #meeting;
  #transcript;
  #reveal;
  #lists;
  #shown = new Map();
  #pinned = null;

  /** `prefix` of the ids of the four lists; `reveal(key)` is called when somebody wants to see a line. */
  constructor(prefix, meeting, transcript, reveal) {
    this.#meeting = meeting;
    this.#transcript = transcript;
    this.#reveal = reveal;
    const kinds = ["topic", "action_item", "follow_up", "question"];
    this.#lists = Object.fromEntries(kinds.map((kind) => [kind, byId(`${prefix}-${kind}`)]));
    for (const list of Object.values(this.#lists)) list.replaceChildren();
    this.show();
  }

  /** Bring the lists up to date. */
  show() {
    const topics = [...this.#meeting.topics.values()].sort((first, second) => second.score - first.score).slice(0, MOST_TOPICS);
    this.#fill("topic", topics, topicText, topicRanges);
    for (const kind of ["action_item", "follow_up", "question"]) this.#fill(kind, this.#meeting.of(kind), insightText, insightRanges);
  }

  /** Light up nothing. */
  release() {
    this.#pin(null);
    this.#transcript.light([], () => []);
  }

  #fill(kind, items, text, ranges) {
    const list = this.#lists[kind];
    const buttons = items.map((item) => this.#button(`${kind} ${item.key}`, item, text(item), ranges));
    const wanted = buttons.map((button) => button.parentNode);
    for (const old of [...list.children]) if (!wanted.includes(old)) old.remove();
    wanted.forEach((entry, index) => {
      if (list.children[index] !== entry) list.insertBefore(entry, list.children[index] ?? null);
    });
    list.closest("section").classList.toggle("empty", items.length === 0);
    list.closest("section").querySelector(".count").textContent = items.length > 0 ? String(items.length) : "";
  }

  #button(key, item, content, ranges) {
    const known = this.#shown.get(key);
    if (known) {
      known.item = item;
      if (known.text !== content.join()) known.button.replaceChildren(...parts(content));
      known.text = content.join();
      return known.button;
    }
    const shown = { item, text: content.join(), button: element("button", { type: "button", class: "note", "aria-pressed": "false" }, ...parts(content)) };
    const light = () => this.#transcript.light(shown.item.lines, (text) => ranges(text, shown.item));
    const back = () => (this.#pinned ? this.#pinned.light() : this.#transcript.light([], () => []));
    const pin = () => {
      const again = this.#pinned?.button === shown.button;
      this.#pin(again ? null : { button: shown.button, light });
      if (!again && shown.item.lines.length > 0) this.#reveal(shown.item.lines[0]);
      back();
    };
    for (const [event, action] of Object.entries({ mouseenter: light, focus: light, mouseleave: back, blur: back, click: pin })) {
      shown.button.addEventListener(event, action);
    }
    this.#shown.set(key, shown);
    element("li", {}, shown.button);
    return shown.button;
  }

  #pin(next) {
    this.#pinned?.button.setAttribute("aria-pressed", "false");
    next?.button.setAttribute("aria-pressed", "true");
    this.#pinned = next;
  }
}

function topicText({ text }) {
  return [text];
}

function insightText({ text, assignee, due, kind }) {
  const more = kind === "question" ? [] : [assignee, due && `due ${dueDay(due)}`].filter(Boolean);
  return [text, more.join(" · ")];
}

function parts([text, more]) {
  return more ? [text, element("span", { class: "more" }, more)] : [text];
}
