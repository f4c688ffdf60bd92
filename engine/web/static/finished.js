/** A meeting that is over, or was looked up: what it holds, who spoke, how to take it along. */

import { copy } from "./banner.js";
import { byId, element } from "./dom.js";
import { FORMATS } from "./exports.js";
import { clock, duration, moment } from "./format.js";
import { Notes } from "./notes.js";
import { timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";
import { matches } from "./words.js";

let listening = new AbortController();

/** Show a meeting; `note` is a sentence above it, where there is something to say. */
export function showFinished(meeting, note = "") {
  listening.abort();
  listening = new AbortController();
  const { start, end } = meeting.span();
  const transcript = new Transcript(byId("finished-lines"), () => start);
  transcript.clear();
  transcript.show(meeting.lines);
  const notes = new Notes("finished", meeting, transcript, (key) => transcript.reveal(key));
  byId("finished-title").textContent = meeting.name || "Meeting";
  byId("finished-about").textContent = about(meeting, (end - start) / 1000);
  byId("conversation-id").textContent = meeting.id;
  byId("finished-note").textContent = note;
  byId("finished-note").hidden = note === "";
  byId("search").value = "";
  byId("hits").textContent = "";
  byId("curl").textContent = commands(meeting.id);
  byId("timeline").replaceChildren(timeline(meeting, (key) => transcript.reveal(key, true)));
  showTalkTime(meeting);
  bind(meeting, transcript, notes);
}

function about(meeting, seconds) {
  const when = moment(meeting.start);
  const people = meeting.people.size === 1 ? "1 person" : `${meeting.people.size} people`;
  return [...(meeting.name.includes(when) ? [] : [when]), duration(seconds), people].join(" · ");
}

function showTalkTime(meeting) {
  const rows = meeting.talkTime().map(({ person, seconds, share }) => {
    const percent = Math.round(share * 100);
    const bar = element("span", { class: `bar s${person.index % 8}` });
    bar.style.width = `${percent}%`;
    return element(
      "tr",
      {},
      element("th", { scope: "row", class: `s${person.index % 8}` }, person.name),
      element("td", { class: "share" }, element("span", { class: "rail" }, bar), element("span", {}, `${percent} %`)),
      element("td", { class: "time" }, clock(seconds)),
    );
  });
  byId("talk").tBodies[0].replaceChildren(...rows);
}

function bind(meeting, transcript, notes) {
  const { signal } = listening;
  const on = (id, event, action) => byId(id).addEventListener(event, action, { signal });
  on("search", "input", () => search(meeting, transcript, notes));
  on("copy-id", "click", () => copy(byId("copy-id"), meeting.id));
  on("copy-link", "click", () => copy(byId("copy-link"), location.href));
  for (const [ending, [type, made]] of Object.entries(FORMATS)) {
    on(`save-${ending}`, "click", () => save(`minutes-${meeting.id || "meeting"}.${ending}`, type, made(meeting)));
  }
  document.addEventListener("keydown", (event) => event.key === "Escape" && notes.release(), { signal });
}

function search(meeting, transcript, notes) {
  const wanted = byId("search").value.trim();
  const has = (line) => wanted === "" || matches(`${line.person.name}: ${line.text}`, wanted).length > 0;
  const found = meeting.lines.filter(has);
  notes.release();
  transcript.filter(has);
  transcript.light(wanted === "" ? [] : found.map((line) => line.key), (text) => matches(text, wanted));
  byId("hits").textContent = wanted === "" ? "" : `${found.length} ${found.length === 1 ? "line" : "lines"}`;
}

function save(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function commands(id) {
  const at = location.origin;
  const token = `TOKEN=$(curl -s -X POST ${at}/web/session -H "Origin: ${at}" | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')`;
  const parts = ["messages", "topics", "action-items", "follow-ups", "questions"];
  return [token, ...parts.map((part) => `curl -s ${at}/v1/conversations/${id}/${part} -H "Authorization: Bearer $TOKEN"`)].join("\n");
}
