/** What other people are saying right now. Only interims come this way: finals and insights come to every speaker's socket. */

const RETRY = 3_000;

export class Listener {
  #address;
  #api;
  #onFrame;
  #socket = null;
  #open = true;

  /** `onFrame(frame)` gets what the engine says. */
  constructor(connectionId, api, onFrame) {
    this.#address = `${location.origin.replace(/^http/, "ws")}/v1/subscribe/${encodeURIComponent(connectionId)}`;
    this.#api = api;
    this.#onFrame = onFrame;
    this.#connect();
  }

  close() {
    this.#open = false;
    this.#socket?.close();
  }

  async #connect() {
    if (!this.#open) return;
    let token;
    try {
      token = await this.#api.token();
    } catch {
      this.#again(); // the speaker's own stream says what is wrong
      return;
    }
    if (!this.#open) return;
    this.#socket = new WebSocket(`${this.#address}?access_token=${encodeURIComponent(token)}`);
    this.#socket.onmessage = ({ data }) => this.#onFrame(JSON.parse(data));
    this.#socket.onclose = () => this.#again();
  }

  #again() {
    if (this.#open) setTimeout(() => this.#connect(), RETRY);
  }
}
