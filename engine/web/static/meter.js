/** Shows that somebody is heard: bars that follow the level, and a sentence. */

/** Decibels of full scale: below the first there is only the room, below the second the device gives nothing at all. */
const VOICE = -45;
const NOTHING = -75;
/** Milliseconds. */
const STILL_HEARD = 1500;
const TOO_STILL = 6000;
const BARS = 12;

export class Meter {
  #root;
  #bars;
  #sentence;
  #voiceAt = 0;
  #soundAt = 0;
  #level = 0;
  #painting = false;
  #muted = false;

  /** `root` is an element with the role meter, `sentence` the element for the words. */
  constructor(root, sentence) {
    this.#root = root;
    this.#sentence = sentence;
    this.#bars = Array.from({ length: BARS }, () => document.createElement("i"));
    root.replaceChildren(...this.#bars);
    this.#soundAt = performance.now();
  }

  mute(muted) {
    this.#muted = muted;
    this.#soundAt = performance.now();
    this.#paint();
  }

  /** The RMS of a block, 0 to 1. */
  hear(rms) {
    const now = performance.now();
    const decibels = 20 * Math.log10(Math.max(rms, 1e-6));
    if (decibels > VOICE) this.#voiceAt = now;
    if (decibels > NOTHING) this.#soundAt = now;
    this.#level = Math.max(this.#level * 0.8, Math.min(1, Math.max(0, (decibels + 60) / 50)));
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#painting = false;
    const level = this.#muted ? 0 : this.#level;
    this.#bars.forEach((bar, index) => bar.classList.toggle("on", level * BARS > index + 0.5));
    const percent = String(Math.round(level * 10) * 10);
    if (this.#root.getAttribute("aria-valuenow") !== percent) this.#root.setAttribute("aria-valuenow", percent);
    const said = this.#say();
    if (this.#sentence.textContent !== said) this.#sentence.textContent = said;
  }

  #say() {
    const now = performance.now();
    if (this.#muted) return "Muted";
    if (this.#voiceAt > 0 && now - this.#voiceAt < STILL_HEARD) return "You are heard";
    if (now - this.#soundAt > TOO_STILL) return "The microphone gives no sound: is it switched off, or the wrong one chosen?";
    return "Listening";
  }
}
