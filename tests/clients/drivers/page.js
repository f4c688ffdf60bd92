// What the browser drivers share: the settings in the page's address, and the record that goes back to the test.
const given = new URLSearchParams(location.search);

export const settings = {
  url: given.get("url"),
  appId: given.get("appId"),
  appSecret: given.get("appSecret"),
  connectionId: given.get("connectionId"),
  milliseconds: Number(given.get("seconds")) * 1000, // how long the microphone speaks
};

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Runs a driver; what it gives, or the error that it throws, is sent to the test.
export async function run(driver) {
  const tell = (what) => fetch("/record", { method: "POST", body: JSON.stringify(what) });
  addEventListener("unhandledrejection", (event) => tell({ error: String((event.reason && event.reason.stack) || event.reason) }));
  try {
    await tell(await driver());
  } catch (error) {
    await tell({ error: String((error && error.stack) || error) });
  }
}
