// What the auditor enters: why a block is believed, and which contract; and what is wrong with it.

import { get } from "./dom.js";
import { LARGEST_BESIDE } from "./limits.js";
import { Fault } from "./steps.js";
import { tellMany, tellSize } from "./words.js";

const HASH = { digits: 64, what: "A block’s hash" };
const FIELDS = {
  hash: HASH,
  contract: { digits: 40, what: "A contract’s address" },
  log: { digits: 40, what: "A log’s address" },
  "anchor-hash": HASH,
};
const ADDRESS = /^0x[0-9a-f]{40}$/;

/** The way that is chosen: "hash", "witnesses" or "anchor". */
export const chosenWay = () => document.querySelector("#ask [name=way]:checked").value;

/** Show what has to be entered for the way that is chosen, and only that. */
export function showWay() {
  const way = chosenWay();
  for (const part of document.querySelectorAll("#ask [data-ways]")) {
    part.hidden = !part.dataset.ways.split(" ").includes(way);
  }
}

/**
 * What is trusted, as the verifier takes it; null if some of it cannot be right, of which the first
 * is in focus then.
 */
export async function readTrust() {
  const read = { hash: readByHash, witnesses: readWitnessed, anchor: readAnchored }[chosenWay()];
  const trust = { contract: readHex("contract"), ...(await read()) };
  const isWhole = Object.values(trust).every((value) => value !== null);
  if (!isWhole) document.querySelector("#ask [aria-invalid=true]:not([hidden] *)").focus();
  return isWhole ? trust : null;
}

const readByHash = () => ({ blockHash: readHex("hash") });

async function readWitnessed() {
  const trusted = readWitnesses();
  const threshold = readThreshold(trusted);
  const { readCheckpoint } = await import("./form.js"); // Not before: it needs npm's packages.
  const checkpoint = await readBeside("checkpoint", (raw) => readCheckpoint(new Uint8Array(raw)));
  return {
    witnesses: trusted && threshold && { trusted, threshold },
    ...(checkpoint === null ? {} : { checkpoint: checkpoint ?? null }),
  };
}

async function readAnchored() {
  const [log, blockHash] = [readHex("log"), readHex("anchor-hash")];
  return { ...(await readWitnessed()), otherChain: log && blockHash && { log, blockHash } };
}

/** The compiled contract's bytes, null if none was chosen, undefined if it cannot be taken. */
export const readArtifact = () => readBeside("artifact", (raw) => raw);

// What is in a file that may be chosen besides the bundle: null if none is, undefined if it is none.
async function readBeside(id, read) {
  const [file] = get(id).files;
  judge(id, "", null);
  if (!file) return null;
  try {
    if (file.size > LARGEST_BESIDE) throw new Fault(`it has ${tellSize(file.size)}`);
    return read(await file.arrayBuffer());
  } catch (error) {
    const why = error instanceof Fault ? error.message : `it cannot be read: ${error.message}`;
    judge(id, `${brief(file.name)} will not do: ${why}.`);
    return undefined;
  }
}

function readHex(id) {
  const { digits, what } = FIELDS[id];
  const value = get(id).value.trim().toLowerCase();
  const fits = new RegExp(`^0x[0-9a-f]{${digits}}$`).test(value);
  const long = value ? `; this has ${tellMany([...value].length, "character", "characters")}` : "";
  return judge(id, fits ? "" : `${what} is 0x and ${digits} hex digits${long}.`, value);
}

// Separated by whatever they were copied with; named twice, a witness is still one.
function readWitnesses() {
  const named = get("witnesses").value.toLowerCase().split(/[\s,;]+/).filter(Boolean);
  const wrong = named.find((one) => !ADDRESS.test(one));
  let told = "";
  if (named.length === 0) told = "Name one witness at least.";
  else if (wrong) told = `An address is 0x and 40 hex digits; ${brief(wrong)} is none.`;
  return judge("witnesses", told, [...new Set(named)]);
}

// Left empty, all of them have to vouch.
function readThreshold(trusted) {
  const text = get("threshold").value.trim();
  const most = trusted?.length ?? Infinity;
  const number = text ? Number(text) : most;
  const fits = /^\d*$/.test(text) && number >= 1 && number <= most;
  return judge("threshold", fits ? "" : tellMost(trusted), number);
}

const tellMost = (trusted) =>
  trusted?.length === 1
    ? "There is one witness, so this is 1."
    : `A number from 1 to ${trusted?.length ?? "the witnesses that you name"}.`;

const brief = (text) => (text.length > 20 ? `${text.slice(0, 20)}…` : text);

// Say what is wrong beside the field, or nothing; gives the value if nothing is.
function judge(id, told, value) {
  get(`${id}-wrong`).textContent = told;
  get(id).setAttribute("aria-invalid", String(told !== ""));
  return told === "" ? value : null;
}
