/** The place where problems are said. */

import { byId, element } from "./dom.js";

/** Show a `Problem`, with buttons `[label, action]` where there is something to press. */
export function tell(problem, ...buttons) {
  const made = buttons.map(([label, action]) => element("button", { type: "button", onclick: action }, label));
  byId("problem").replaceChildren(element("p", {}, element("strong", {}, problem.message), ` ${problem.way}`), ...made);
}

/** It is mended. */
export function settled() {
  byId("problem").replaceChildren();
}

/** A word for those who listen to the page. */
export function announce(text) {
  byId("news").textContent = text;
}

/** What goes on, beside the name of the page. */
export function state(text, kind = "") {
  byId("state").textContent = text;
  byId("state").className = kind;
}

/** Put text on the clipboard and say so on the button; without a clipboard, show it to be copied by hand. */
export async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    window.prompt("Copy this:", text);
  }
  setTimeout(() => (button.textContent = label), 1500);
}
