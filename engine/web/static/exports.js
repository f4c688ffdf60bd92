/** A meeting as a file: plain text, Markdown, SubRip, JSON. */

import { collection } from "./meeting.js";
import { clock, duration, moment, subRip } from "./format.js";

const TITLES = [
  ["action_item", "Action items"],
  ["follow_up", "Follow-ups"],
  ["question", "Questions"],
];

/** `{name: [media type, function of a meeting]}`; the name is the file's ending. */
export const FORMATS = {
  txt: ["text/plain", text],
  md: ["text/markdown", markdown],
  srt: ["application/x-subrip", srt],
  json: ["application/json", json],
};

function text(meeting) {
  const { start } = meeting.span();
  const lines = meeting.lines.map((line) => `[${clock((line.start - start) / 1000)}] ${line.person.name}: ${line.text}`);
  return `${[`${meeting.name}, ${moment(meeting.start)}`, "", ...lines].join("\n")}\n`;
}

function markdown(meeting) {
  const { start, end } = meeting.span();
  const people = meeting.talkTime().map(({ person, share }) => `${plain(person.name)} ${Math.round(share * 100)} %`);
  const out = [`# ${plain(meeting.name)}`, "", `${moment(meeting.start)}, ${duration((end - start) / 1000)}. Talk time: ${people.join(", ") || "nobody"}.`];
  for (const [kind, title] of TITLES) {
    const items = meeting.of(kind).map(({ text: said, assignee, due }) => {
      const more = kind === "question" ? [] : [assignee, due && `due ${due.slice(0, 10)}`].filter(Boolean).map(plain);
      return `- ${plain(said)}${more.length > 0 ? ` (${more.join(", ")})` : ""}`;
    });
    if (items.length > 0) out.push("", `## ${title}`, "", ...items);
  }
  const topics = [...meeting.topics.values()].sort((first, second) => second.score - first.score);
  if (topics.length > 0) out.push("", "## Topics", "", ...topics.map((topic) => `- ${plain(topic.text)}`));
  const lines = meeting.lines.map((line) => `**${plain(line.person.name)}** (${clock((line.start - start) / 1000)}): ${plain(line.text)}\n`);
  return `${[...out, "", "## Transcript", "", ...lines].join("\n").trimEnd()}\n`;
}

function srt(meeting) {
  const { start } = meeting.span();
  const cue = (line, index) =>
    `${index + 1}\n${subRip((line.start - start) / 1000)} --> ${subRip((line.end - start) / 1000)}\n${line.person.name}: ${line.text}\n`;
  return meeting.lines.map(cue).join("\n");
}

function json(meeting) {
  const iso = (time) => (time === null ? null : new Date(time).toISOString());
  const from = (keys) => keys.map((key) => meeting.lines.indexOf(meeting.line(key)));
  const insights = TITLES.map(([kind]) => [
    collection(kind),
    meeting.of(kind).map(({ text: said, assignee, due, lines }) => ({ text: said, assignee: assignee || null, due: due || null, messages: from(lines) })),
  ]);
  const whole = {
    conversationId: meeting.id,
    name: meeting.name,
    startTime: iso(meeting.start),
    endTime: iso(meeting.end),
    messages: meeting.lines.map((line) => ({ speaker: line.person.name, startTime: iso(line.start), endTime: iso(line.end), text: line.text })),
    topics: [...meeting.topics.values()].map((topic) => ({ text: topic.text, score: topic.score, messages: from(topic.lines) })),
    ...Object.fromEntries(insights),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** What people said is text, not markup. */
function plain(said) {
  return said.replace(/[\\`*_{}[\]<>#|~]/gu, "\\$&");
}
