/** The engine's REST side: the page's token, and what conversations hold. */

import { Problem } from "./problems.js";

/** A token with less left than this, in milliseconds, is not used any more. */
const SPARE = 60_000;

export class Api {
  #link;
  #token = "";
  #expires = 0;

  /** `link` is what the address of a meeting's page ends with: then it is the only credential. */
  constructor(link = "") {
    this.#link = link;
  }

  /** A token that is good for a while. Throws a `Problem`. */
  async token() {
    if (this.#link) return this.#link;
    if (Date.now() > this.#expires - SPARE) {
      const answer = await reach("/web/session", { method: "POST" });
      if (!answer.ok) throw new Problem("elsewhere", (await refusal(answer)).message);
      const { accessToken, expiresIn } = await answer.json();
      this.#token = accessToken;
      this.#expires = Date.now() + expiresIn * 1000;
    }
    return this.#token;
  }

  /** The next call fetches a new token. */
  forget() {
    this.#expires = 0;
  }

  /** What stands at `/v1/conversations` + `path`. Throws a `Problem`. */
  async get(path) {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await reach(`/v1/conversations${path}`, { headers: { Authorization: `Bearer ${await this.token()}` } });
      if (answer.ok) return answer.json();
      if (answer.status === 404) throw new Problem("unknown");
      if (answer.status === 401 && this.#link) throw new Problem("link");
      if (answer.status !== 401 || attempt > 0) throw new Problem("fault");
      this.forget();
    }
  }

  /** All that a conversation holds. Throws a `Problem`. */
  async conversation(id) {
    const one = `/${encodeURIComponent(id)}`;
    const parts = ["", "/messages?verbose=true", "/topics", "/questions", "/action-items", "/follow-ups"];
    const [about, messages, topics, questions, actions, followUps] = await Promise.all(parts.map((part) => this.get(one + part)));
    return { about, ...messages, ...topics, ...questions, ...actions, ...followUps };
  }

  /** The conversations of this machine's pages, newest first. */
  async recent(limit) {
    return (await this.get(`?order=desc&startTime=2000-01-01T00:00:00Z&limit=${limit}`)).conversations;
  }

  /** Seconds by which the engine is behind. */
  async lag() {
    return (await (await reach("/health", {})).json()).lag;
  }
}

async function reach(path, options) {
  try {
    return await fetch(path, { ...options, credentials: "omit", cache: "no-store" });
  } catch {
    throw new Problem("gone");
  }
}

async function refusal(answer) {
  try {
    return await answer.json();
  } catch {
    return { message: "" };
  }
}
