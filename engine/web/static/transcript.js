/** The list of lines, in which words can be lit up. */

import { clock } from "./format.js";
import { element, marked } from "./dom.js";

export class Transcript {
  #list;
  #zero;
  #shown = new Map();
  #lit = new Map();

  /** `list` is an empty `<ol>`; times count from `zero()`, in milliseconds since the epoch. */
  constructor(list, zero) {
    this.#list = list;
    this.#zero = zero;
  }

  clear() {
    this.#shown.clear();
    this.#lit.clear();
    this.#list.replaceChildren();
  }

  /** Show what is not shown yet of `lines`, all lines of the meeting in order. */
  show(lines) {
    let next = null;
    for (let index = lines.length - 1; index >= 0; index -= 1) {
      const line = lines[index];
      const known = this.#shown.get(line.key);
      const item = known?.item ?? this.#make(line);
      if (!known) this.#list.insertBefore(item, next);
      item.classList.toggle("same", index > 0 && lines[index - 1].person === line.person);
      next = item;
    }
  }

  /** Names and colours may have become known. */
  refresh() {
    for (const { line, item, who } of this.#shown.values()) {
      who.textContent = line.person.name;
      item.className = item.className.replace(/\bs\d\b/, `s${line.person.index % 8}`);
    }
  }

  /** Light up the ranges that `find(text)` gives in the lines with these keys, and nothing else. */
  light(keys, find) {
    this.#dim();
    for (const key of keys) {
      const shown = this.#shown.get(key);
      if (!shown) continue;
      shown.item.classList.add("lit");
      shown.said.replaceChildren(...marked(shown.line.text, find(shown.line.text)));
      this.#lit.set(key, shown);
    }
  }

  #dim() {
    for (const { item, said, line } of this.#lit.values()) {
      item.classList.remove("lit");
      said.replaceChildren(line.text);
    }
    this.#lit.clear();
  }

  /** Bring a line into view, and the keyboard to it. */
  reveal(key, focus = false) {
    const item = this.#shown.get(key)?.item;
    if (!item) return;
    const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    item.scrollIntoView({ block: "center", behavior: smooth ? "smooth" : "instant" });
    if (focus) item.focus({ preventScroll: true });
  }

  /** Hide every line that `keep(line)` refuses. */
  filter(keep) {
    for (const { item, line } of this.#shown.values()) item.hidden = !keep(line);
  }

  /** A sentence between the lines: sound was lost. */
  note(text) {
    this.#list.append(element("li", { class: "gap" }, text));
  }

  #make(line) {
    const who = element("span", { class: "who" }, line.person.name);
    const said = element("p", { class: "said" }, line.text);
    const seconds = (line.start - this.#zero()) / 1000;
    const time = element("time", { datetime: new Date(line.start).toISOString() }, clock(seconds));
    const item = element("li", { class: `line s${line.person.index % 8}`, tabindex: "-1" }, who, time, said);
    this.#shown.set(line.key, { line, item, who, said });
    return item;
  }
}
