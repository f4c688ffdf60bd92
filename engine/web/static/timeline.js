/** Who spoke when, as one row of blocks for each person. */

import { clock, duration } from "./format.js";
import { drawing, element } from "./dom.js";

const WIDTH = 1000;
const ROW = 26;
const BLOCK = 18;
/** A word in a long meeting stays visible. */
const LEAST = 2;

/** The chart of a meeting; `reveal(key)` is called for the line of a block that was pressed. */
export function timeline(meeting, reveal) {
  const { start, end } = meeting.span();
  const length = Math.max(1, end - start);
  const people = meeting.talkTime().map(({ person }) => person).filter((person) => meeting.lines.some((line) => line.person === person));
  const rows = new Map(people.map((person, row) => [person, row]));
  const blocks = meeting.lines.map((line) =>
    drawing("rect", {
      class: `block s${line.person.index % 8}`,
      x: ((line.start - start) / length) * WIDTH,
      width: Math.max(LEAST, ((line.end - line.start) / length) * WIDTH),
      y: rows.get(line.person) * ROW + (ROW - BLOCK) / 2,
      height: BLOCK,
      onclick: () => reveal(line.key),
    }),
  );
  const tracks = people.map((_, row) => drawing("rect", { class: "track", x: 0, width: WIDTH, y: row * ROW + ROW / 2 - 0.5, height: 1 }));
  const chart = drawing(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${Math.max(1, people.length) * ROW}`,
      preserveAspectRatio: "none",
      height: people.length * ROW,
      role: "img",
      "aria-label": `Who spoke when, over ${duration(length / 1000)}. The transcript says the same in words.`,
    },
    ...tracks,
    ...blocks,
  );
  const names = element("ul", { class: "names", "aria-hidden": "true" }, ...people.map((person) => element("li", { class: `s${person.index % 8}` }, person.name)));
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => element("span", {}, clock((share * length) / 1000)));
  return element("div", { class: "timeline" }, names, element("div", { class: "chart" }, chart, element("div", { class: "axis", "aria-hidden": "true" }, ...marks)));
}
