"use strict";

// Asks the engine what the page describes, with the token and the values that stand in it.

const MOST = 200000;

function address(call) {
  let path = call.dataset.path;
  const query = new URLSearchParams();
  for (const field of call.querySelectorAll("input[data-in]")) {
    if (field.dataset.in === "path") {
      path = path.replace(`{${field.dataset.name}}`, encodeURIComponent(field.value));
    } else if (field.value !== "") {
      query.append(field.dataset.name, field.value);
    }
  }
  return query.size ? `${path}?${query}` : path;
}

async function ask(call) {
  const headers = {};
  const token = document.getElementById("token").value.trim();
  if (token && call.dataset.open === "0") headers.Authorization = `Bearer ${token}`;
  const body = call.querySelector(".body")?.value ?? call.querySelector(".file")?.files[0];
  if (call.dataset.media === "application/json") headers["Content-Type"] = "application/json";
  const answer = await fetch(address(call), { method: call.dataset.method, headers, body });
  let text = await answer.text();
  if ((answer.headers.get("content-type") || "").includes("json")) {
    const value = JSON.parse(text);
    if (value.accessToken) document.getElementById("token").value = value.accessToken;
    text = JSON.stringify(value, null, 2);
  }
  return `${answer.status}\n${text.slice(0, MOST)}`;
}

for (const call of document.querySelectorAll("details.call")) {
  const shown = call.querySelector(".answer");
  call.querySelector(".try").addEventListener("click", async () => {
    shown.hidden = false;
    shown.textContent = "...";
    try {
      shown.textContent = await ask(call);
    } catch (error) {
      shown.textContent = `The engine could not be asked: ${error.message}`;
    }
  });
}
