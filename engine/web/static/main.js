/** Puts the page together: which of its three views is shown, and how one leads to the next. */

import { Api } from "./api.js";
import { announce, settled, tell } from "./banner.js";
import { byId, element } from "./dom.js";
import { showFinished } from "./finished.js";
import { moment } from "./format.js";
import { Live } from "./live.js";
import { Meeting } from "./meeting.js";
import { Problem } from "./problems.js";

const VIEWS = ["start", "live", "finished"];
const EARLIER = 8;
const NAME = "minutes.name";

const api = new Api();
let talking = false;

function show(view) {
  document.body.dataset.view = view;
  for (const one of VIEWS) byId(one).hidden = one !== view;
}

/**
 * Where the address leads: `#conversation/<id>` to a conversation, with `/<link>` behind it for whoever has no other credential,
 * `#<connection id>` into a meeting, nothing to a new one.
 */
async function route() {
  if (talking) return;
  settled();
  const place = decodeURIComponent(location.hash.slice(1));
  const [, id, link] = place.match(/^conversation\/(\d+)(?:\/(.+))?$/) ?? [];
  if (link) show("nothing");
  if (id) await open(id, link);
  else await welcome(place);
}

async function welcome(connectionId) {
  byId("start-title").textContent = connectionId ? "Join the meeting" : "Talk, and read the minutes";
  byId("go-label").textContent = connectionId ? "Join and talk" : "Start talking";
  byId("name").value ||= localStorage.getItem(NAME) ?? "";
  document.title = "Minutes";
  show("start");
  if (!window.isSecureContext) {
    tell(new Problem("insecure"));
    return;
  }
  await guarded(async () => {
    const earlier = await api.recent(EARLIER);
    byId("earlier-list").replaceChildren(
      ...earlier.map(({ id, name, startTime, members }) => {
        const people = (members ?? []).map((member) => member.name).filter(Boolean).join(", ");
        const link = element("a", { href: `#conversation/${id}` }, name ?? id);
        return element("li", {}, link, element("span", { class: "more" }, people || moment(Date.parse(startTime))));
      }),
    );
    byId("earlier").hidden = earlier.length === 0;
  }, route);
}

async function open(id, link) {
  await guarded(
    async () => {
      const meeting = new Meeting();
      meeting.merge(await (link ? new Api(link) : api).conversation(id));
      byId("fetch").hidden = Boolean(link);
      finished(meeting, meeting.end === null ? "This meeting still goes on: load the page again for what was said since." : "");
    },
    () => open(id, link),
  );
}

function finished(meeting, note) {
  document.title = `${meeting.name || "Meeting"} · Minutes`;
  showFinished(meeting, note);
  show("finished");
}

async function begin() {
  const name = byId("name").value.trim() || `Guest ${100 + Math.floor(Math.random() * 900)}`;
  if (byId("name").value.trim()) localStorage.setItem(NAME, name);
  settled();
  byId("go").disabled = talking = true;
  try {
    const connectionId = decodeURIComponent(location.hash.slice(1)) || newId();
    const live = new Live(api, connectionId, name);
    await live.begin();
    history.replaceState(null, "", `#${encodeURIComponent(connectionId)}`);
    document.title = "Live · Minutes";
    byId("stop").disabled = false;
    show("live");
    byId("live-title").focus();
    const meeting = await live.ended;
    talking = false;
    await conclude(meeting);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("go").disabled = false;
    byId("go").focus();
    tell(error);
  } finally {
    byId("go").disabled = talking = false;
  }
}

/** The engine's own record counts; without an engine, the page shows what it has. */
async function conclude(meeting) {
  history.replaceState(null, "", `#conversation/${meeting.id}`);
  try {
    await open(meeting.id);
  } finally {
    if (document.body.dataset.view !== "finished") finished(meeting, "The engine does not answer: this is what the page has heard of the meeting.");
  }
  announce("The meeting has ended.");
  byId("finished-title").focus();
}

/** 128 random bits, in hexadecimal digits. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Try; say what is in the way, with a button to try again. */
async function guarded(work, again) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.kind === "link") tell(error);
    else tell(error, ["Try again", () => (settled(), again())]);
  }
}

byId("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
for (const event of ["error", "unhandledrejection"]) window.addEventListener(event, () => tell(new Problem("page")));
window.addEventListener("hashchange", route);
route();
