/** The microphone: asks for it, and hands on 16 kHz mono LINEAR16 with its level. */

import { Problem, microphoneProblem } from "./problems.js";

/** Noise is left in, because taking it out takes words along; the echo of other people's voices is not. */
const WISHES = { audio: { channelCount: 1, echoCancellation: true, autoGainControl: true, noiseSuppression: false } };

export class Microphone {
  #media;
  #context;
  #node;
  #finished;

  /**
   * Ask for the microphone and begin. `onSound(pcm, level)` gets Int16Arrays and their RMS, 0 to 1; `onEnded()` is called if
   * the device goes away. Throws a `Problem`.
   */
  static async open(onSound, onEnded) {
    if (!window.isSecureContext) throw new Problem("insecure");
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new Problem("old");
    const microphone = new Microphone();
    try {
      await microphone.#open(onSound, onEnded);
    } catch (error) {
      microphone.#release();
      throw microphoneProblem(error);
    }
    return microphone;
  }

  async #open(onSound, onEnded) {
    this.#media = await navigator.mediaDevices.getUserMedia(WISHES);
    this.#context = new AudioContext({ latencyHint: "interactive" });
    await this.#load();
    await this.#context.resume();
    this.#node = new AudioWorkletNode(this.#context, "capture", { numberOfOutputs: 0 });
    this.#finished = new Promise((resolve) => {
      this.#node.port.onmessage = ({ data }) => (data.finished ? resolve() : onSound(data.pcm, data.level));
    });
    this.#context.createMediaStreamSource(this.#media).connect(this.#node);
    this.#context.onstatechange = () => {
      if (this.#context.state === "interrupted" || this.#context.state === "suspended") this.#context.resume();
    };
    for (const track of this.#media.getAudioTracks()) track.onended = onEnded;
  }

  /** The part that runs in the audio thread comes from the engine. */
  async #load() {
    try {
      await this.#context.audioWorklet.addModule("/web/worklet.js");
    } catch (error) {
      throw error.name === "AbortError" ? new Problem("gone") : error;
    }
  }

  /** While muted, silence is handed on. */
  mute(muted) {
    for (const track of this.#media.getAudioTracks()) track.enabled = !muted;
  }

  /** Hand on what is left, and give the device back. */
  async close() {
    if (this.#context.state === "closed") return;
    this.#context.onstatechange = null;
    if (this.#context.state === "running") {
      this.#node.port.postMessage("finish");
      await this.#finished;
    }
    this.#release();
  }

  #release() {
    for (const track of this.#media?.getTracks() ?? []) track.stop();
    this.#context?.close();
  }
}
