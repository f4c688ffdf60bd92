/** Sound that may have to be sent again, by the number of its samples since the start. Bounded. */

export class Tape {
  /** The first sample that is kept. */
  base = 0;
  /** One behind the last. */
  end = 0;
  #most;
  #blocks = [];

  /** At most `most` samples are kept; the oldest go first. */
  constructor(most) {
    this.#most = most;
  }

  append(pcm) {
    this.#blocks.push(pcm);
    this.end += pcm.length;
    while (this.end - this.base > this.#most) this.#dropOldest();
  }

  /** Up to `most` samples from `from` on. */
  take(from, most) {
    const out = new Int16Array(Math.max(0, Math.min(most, this.end - from)));
    let filled = 0;
    let at = this.base;
    for (const block of this.#blocks) {
      if (filled === out.length) break;
      const skip = Math.max(0, from - at);
      if (skip < block.length) {
        const piece = block.subarray(skip, skip + out.length - filled);
        out.set(piece, filled);
        filled += piece.length;
      }
      at += block.length;
    }
    return out;
  }

  /** What lies before `place` is not needed any more. */
  forget(place) {
    while (this.#blocks.length > 0 && this.base + this.#blocks[0].length <= place) this.#dropOldest();
  }

  #dropOldest() {
    this.base += this.#blocks.shift().length;
  }
}
