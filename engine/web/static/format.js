/** Times and durations as people read them. */

/** 75 s is `1:15`, an hour more `1:01:15`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** 75 s is `1 min 15 s`. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 3600), "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const said = parts.filter(([amount]) => amount > 0).slice(0, 2);
  return said.map(([amount, unit]) => `${amount} ${unit}`).join(" ") || "0 s";
}

/** A moment, milliseconds since the epoch: day and time, in the language of the browser. */
export function moment(time) {
  return new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** The day that something is due, and the time where one was said. */
export function dueDay(time) {
  return new Date(time).toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });
}

/** 83.4 s is `00:01:23,400`: the times of SubRip. */
export function subRip(seconds) {
  const thousandths = Math.max(0, Math.round(seconds * 1000));
  const part = (size, most, width = 2) => String(Math.floor(thousandths / size) % most).padStart(width, "0");
  return `${part(3_600_000, 1e6)}:${part(60_000, 60)}:${part(1000, 60)},${part(1, 1000, 3)}`;
}
