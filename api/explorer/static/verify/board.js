// The list of steps: each lights up when it passes, or says that it failed.

import { get } from "./dom.js";
import { tellNumber } from "./words.js";

const STATES = { waiting: "", passed: ": passed", failed: ": failed", unreached: ": not reached" };
const PACE = 55; // milliseconds by which each step lights up after the one before

const items = [...get("steps").children];
const part = (item, name) => item.querySelector(`[data-part="${name}"]`);

items.forEach((item, at) => item.style.setProperty("--delay", `${at * PACE}ms`));

function set(item, state, told) {
  item.dataset.state = state;
  part(item, "state").textContent = STATES[state];
  const line = part(item, "told");
  line.textContent = told ?? line.dataset.about;
  line.title = told ?? "";
}

/** All steps wait. */
export function clearBoard() {
  for (const item of items) set(item, "waiting");
}

/** A step has passed, of so many subjects. */
export function pass(number, told, many) {
  set(
    items[number - 1],
    "passed",
    many > 1 ? `${tellNumber(many)} subjects; the last: ${told}` : told,
  );
}

/** A step has failed, and those behind it are not reached. */
export function failAt(number, reason) {
  set(items[number - 1], "failed", reason);
  for (const item of items.slice(number)) set(item, "unreached");
  for (const item of items.slice(0, number - 1)) {
    if (item.dataset.state !== "passed") set(item, "passed");
  }
}
