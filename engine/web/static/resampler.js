/** Any rate to 16 kHz: a windowed sinc, one filter for each place between two samples, state carried from block to block. */

export const RATE = 16000;

/** Zero crossings on each side of the sinc: the stop band begins within 1 kHz of half the lower rate. */
const ZEROS = 24;
/** The filter's edge as a share of half the lower rate. */
const EDGE = 0.93;
/** Kaiser window: 80 dB of stop band. */
const BETA = 8;

export class Resampler {
  #up;
  #down;
  #taps;
  #filters;
  #kept;
  #place = 0;

  /** `rate` and `target` in samples a second, whole numbers. */
  constructor(rate, target = RATE) {
    const shared = divisor(rate, target);
    this.#up = target / shared;
    this.#down = rate / shared;
    const edge = EDGE * Math.min(1, target / rate);
    const half = Math.ceil(ZEROS / edge);
    this.#taps = 2 * half;
    this.#filters = Array.from({ length: this.#up }, (_, phase) => filter(half, edge, phase / this.#up));
    this.#kept = new Float32Array(half - 1);
  }

  /** Mono samples in, mono samples at the target rate out; what needs samples that are still to come waits for them. */
  process(samples) {
    const sound = joined(this.#kept, samples);
    const fits = (sound.length - this.#taps) * this.#up - this.#place;
    const out = new Float32Array(fits < 0 ? 0 : Math.floor(fits / this.#down) + 1);
    for (let index = 0; index < out.length; index += 1, this.#place += this.#down) {
      const start = Math.floor(this.#place / this.#up);
      const weights = this.#filters[this.#place % this.#up];
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap += 1) sum += weights[tap] * sound[start + tap];
      out[index] = sum;
    }
    const done = Math.min(sound.length, Math.floor(this.#place / this.#up));
    this.#kept = sound.slice(done);
    this.#place -= done * this.#up;
    return out;
  }

  /** What is left, at the end of the sound. */
  flush() {
    return this.process(new Float32Array(this.#taps / 2));
  }
}

/** Floats from -1 to 1 as 16-bit samples, held at the ends of the range. */
export function toInt16(samples) {
  return Int16Array.from(samples, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32768))));
}

function joined(first, second) {
  const whole = new Float32Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function divisor(first, second) {
  return second === 0 ? first : divisor(second, first % second);
}

function filter(half, edge, fraction) {
  const weights = Float64Array.from({ length: 2 * half }, (_, tap) => {
    const place = tap - (half - 1) - fraction;
    return sinc(edge * place) * kaiser(place / half);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}

function sinc(place) {
  return place === 0 ? 1 : Math.sin(Math.PI * place) / (Math.PI * place);
}

function kaiser(place) {
  return Math.abs(place) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - place * place)) / bessel(BETA);
}

/** The modified Bessel function of the first kind, order 0, by its series. */
function bessel(value) {
  let term = 1;
  let sum = 1;
  for (let index = 1; term > 1e-12 * sum; index += 1) {
    term *= (value / (2 * index)) ** 2;
    sum += term;
  }
  return sum;
}
