/** Runs in the audio thread: whatever the device gives becomes 16 kHz mono LINEAR16, in blocks of 40 ms. */

import { RATE, Resampler, toInt16 } from "./resampler.js";

const BLOCK = (RATE * 40) / 1000;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(Math.round(sampleRate));
  #block = new Float32Array(BLOCK);
  #filled = 0;
  #open = true;

  constructor() {
    super();
    this.port.onmessage = () => this.#finish();
  }

  process([channels]) {
    if (this.#open && channels.length > 0) this.#gather(this.#resampler.process(mixed(channels)));
    return this.#open;
  }

  #gather(samples) {
    for (const sample of samples) {
      this.#block[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled === BLOCK) this.#post();
    }
  }

  #post() {
    const sound = this.#block.subarray(0, this.#filled);
    const pcm = toInt16(sound);
    const power = sound.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, sound.length);
    this.port.postMessage({ pcm, level: Math.sqrt(power) }, [pcm.buffer]);
    this.#filled = 0;
  }

  #finish() {
    if (!this.#open) return;
    this.#open = false;
    this.#gather(this.#resampler.flush());
    this.#post();
    this.port.postMessage({ finished: true });
  }
}

function mixed(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, index) => channels.reduce((sum, channel) => sum + channel[index], 0) / channels.length);
}

registerProcessor("capture", Capture);
