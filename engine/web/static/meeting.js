/** What is known of a meeting: its people, lines, insights and topics, from the stream, from the Conversation API, or both. */

const KINDS = { action_item: "actionItems", follow_up: "followUps", question: "questions" };

export class Meeting {
  id = "";
  name = "";
  start = null;
  end = null;
  /** By the engine's id: `{id, name, index}`; the index is the engine's order of coming, once it has said so. */
  people = new Map();
  /** In the order of speaking: `{key, person, text, start, end, words}`; times are milliseconds since the epoch. */
  lines = [];
  /** By key: `{key, kind, text, lines, assignee, due}`; `lines` are keys of lines, `kind` as on the wire. */
  insights = new Map();
  /** By key: `{key, text, score, lines, roots}`. */
  topics = new Map();
  #byKey = new Map();
  /** The two ids of a message, the stream's and the Conversation API's, both lead to its line. */
  #aliases = new Map();

  /** Somebody who was named by the engine. */
  person({ id, name, email, userId }) {
    const known = this.people.get(id);
    if (known) {
      known.name = name ?? known.name;
      return known;
    }
    const index = this.people.size;
    const made = { id, name: name ?? userId ?? email ?? `Speaker ${index + 1}`, index };
    this.people.set(id, made);
    return made;
  }

  line(key) {
    return this.#byKey.get(key);
  }

  of(kind) {
    return [...this.insights.values()].filter((item) => item.kind === kind);
  }

  /** A frame of the stream; returns what it brought: `{lines, insights, topics}`. */
  take(frame) {
    switch (frame.type) {
      case "message_response":
        return news({ lines: frame.messages.map((message) => this.#said(fromStream(message), message.from)) });
      case "insight_response":
        return news({ insights: frame.insights.map((insight) => this.#found(this.#streamed(insight))) });
      case "topic_response":
        return news({ topics: frame.topics.map((topic) => this.#topic(topic.phrases, topic, topic.messageReferences.map(({ id }) => id))) });
      default:
        return news({});
    }
  }

  /** What the Conversation API answers for the whole conversation; returns what is new in it. */
  merge({ about, messages, topics, questions, actionItems, followUps }) {
    this.id = about.id;
    this.name = about.name ?? about.id;
    this.start = Date.parse(about.startTime);
    this.end = about.endTime ? Date.parse(about.endTime) : null;
    (about.members ?? []).forEach((member, index) => (this.person(member).index = index));
    const lines = messages.map((message) => this.#said(fromApi(message), message.from));
    const kept = [...questions, ...actionItems, ...followUps].map((item) => this.#found(this.#stored(item)));
    return news({ lines, insights: kept, topics: topics.map((topic) => this.#topic(topic.text, topic, topic.messageIds)) });
  }

  #said(said, from) {
    const person = this.person(from);
    const key = `${person.id} ${said.start}`;
    this.#aliases.set(said.id, key);
    const known = this.#byKey.get(key);
    if (known) {
      known.words = said.words ?? known.words;
      return known;
    }
    const line = { key, person, text: said.text, start: said.start, end: said.end, words: said.words ?? [] };
    this.#byKey.set(key, line);
    let place = this.lines.length;
    while (place > 0 && this.lines[place - 1].start > line.start) place -= 1;
    this.lines.splice(place, 0, line);
    return line;
  }

  #lines(ids) {
    return ids.map((id) => this.#aliases.get(id)).filter(Boolean);
  }

  #streamed({ id, type, payload, assignee, dueBy, messageReference }) {
    const due = dueBy?.value ?? "";
    return { id, kind: type, text: payload.content, lines: this.#lines([messageReference.id]), assignee: assignee?.name ?? "", due };
  }

  #stored({ id, type, text, assignee, dueBy, messageIds }) {
    return { id, kind: type, text, lines: this.#lines(messageIds), assignee: assignee?.name ?? "", due: dueBy ?? "" };
  }

  /** The same insight has one id in the stream and another in the Conversation API: what it is about makes it the same. */
  #found(item) {
    const same = (other) => other.id !== item.id && other.kind === item.kind && other.lines[0] === item.lines[0] && other.text === item.text;
    const twin = [...this.insights.values()].find((other) => other.ids.includes(item.id) || same(other));
    const key = twin?.key ?? item.id;
    const made = { ...item, key, ids: [...new Set([...(twin?.ids ?? []), item.id])] };
    this.insights.set(key, made);
    return made;
  }

  #topic(text, { score, rootWords }, ids) {
    const key = text.toLowerCase();
    const roots = (rootWords ?? []).map((root) => root.text);
    const made = { key, text, score, roots, lines: this.#lines(ids) };
    this.topics.set(key, made);
    return made;
  }

  /** What people hear of it: seconds of speech by person, overlapping lines of one person counted once. */
  talkTime() {
    const spoken = new Map([...this.people.values()].map((person) => [person, { seconds: 0, until: 0 }]));
    for (const { person, start, end } of this.lines) {
      const total = spoken.get(person);
      total.seconds += Math.max(0, end - Math.max(start, total.until)) / 1000;
      total.until = Math.max(total.until, end);
    }
    const all = [...spoken.values()].reduce((sum, { seconds }) => sum + seconds, 0);
    return [...spoken]
      .map(([person, { seconds }]) => ({ person, seconds, share: all > 0 ? seconds / all : 0 }))
      .sort((first, second) => second.seconds - first.seconds);
  }

  /** The first and the last moment that somebody spoke, in milliseconds; without lines both are the start. */
  span() {
    const start = this.lines[0]?.start ?? this.start ?? 0;
    return { start, end: Math.max(start, ...this.lines.map((line) => line.end)) };
  }
}

/** The member of the exported JSON that a kind of insight stands in. */
export function collection(kind) {
  return KINDS[kind];
}

function news({ lines = [], insights = [], topics = [] }) {
  return { lines, insights, topics };
}

function fromStream({ id, payload, duration }) {
  return { id, text: payload.content, start: Date.parse(duration.startTime), end: Date.parse(duration.endTime) };
}

function fromApi({ id, text, startTime, endTime, words }) {
  return { id, text, words, start: Date.parse(startTime), end: Date.parse(endTime) };
}
