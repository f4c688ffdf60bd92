/** What can go wrong, each in a sentence with the way out. */

const SENTENCES = {
  denied: [
    "The microphone is not allowed.",
    "Press the sign beside the address of this page, allow the microphone, then start again.",
  ],
  nothing: ["This machine has no microphone.", "Plug one in, or choose one in the settings of the system, then start again."],
  busy: ["The microphone cannot be opened.", "Close the other program that uses it, then start again."],
  unplugged: ["The microphone is gone.", "Plug it in again and press Reopen microphone; what you said before it went is safe."],
  insecure: [
    "Browsers give the microphone only to pages of this machine, and to those of https addresses.",
    "On the machine that runs the engine, open http://localhost instead; from another one, lead a port there: ssh -L 8765:127.0.0.1:8765 that-machine",
  ],
  old: ["This browser cannot record sound in a page.", "Open the page in a current Firefox, Chrome, Edge or Safari."],
  gone: ["The engine does not answer.", "Start it with “minutes serve”, then try again."],
  away: [
    "The engine does not answer.",
    "Go on talking: what you say is kept for 5 minutes and sent when it is back. Start it with “minutes serve”.",
  ],
  fault: ["The engine made a mistake.", "Its log says which; try again."],
  page: ["The page made a mistake.", "Load it again: what the engine has heard is safe."],
  elsewhere: ["The engine gives this page no access.", "Open the page on the machine that runs the engine, as http://localhost."],
  refused: ["The engine refuses the meeting.", "Leave another meeting first, or try again in a moment."],
  link: [
    "This link does not open a meeting.",
    "It has run out, or was not copied whole: ask whoever gave it to you for a new one.",
  ],
  unknown: ["There is no such conversation.", "It may have been deleted, or belongs to another program: go back to the first page."],
};

/** An error that is meant to be read: `message` says what happened, `way` the way out. */
export class Problem extends Error {
  /** `kind` is a key of the table above; `detail` takes the place of its way out where the engine knows better. */
  constructor(kind, detail = "") {
    const [what, way] = SENTENCES[kind];
    super(what);
    this.kind = kind;
    this.way = detail || way;
  }
}

/** The problem that an error of `getUserMedia` stands for. */
export function microphoneProblem(error) {
  if (error instanceof Problem) return error;
  const kinds = {
    NotAllowedError: "denied",
    SecurityError: "denied",
    NotFoundError: "nothing",
    OverconstrainedError: "nothing",
    NotReadableError: "busy",
    AbortError: "busy",
  };
  const kind = kinds[error.name];
  if (kind === undefined) throw error;
  return new Problem(kind);
}
