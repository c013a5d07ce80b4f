// The page: takes a file, a block's hash and an address, has them verified, and shows the outcome.

import { clearBoard, failAt, pass } from "./board.js";
import { get, make } from "./dom.js";
import { LARGEST_FILE } from "./limits.js";
import { layOut } from "./result.js";
import { shorten, tellMany, tellNumber, tellTime } from "./words.js";

const FIELDS = [
  { input: get("hash"), told: get("hash-wrong"), digits: 64, what: "A block’s hash" },
  { input: get("contract"), told: get("contract-wrong"), digits: 40, what: "A contract’s address" },
];

let reading = Promise.resolve(null); // gives the bytes of the file that was chosen last, or null
let files = 0; // how many were chosen, and
let asked = 0; // how often to verify one: an answer about another than the last comes too late
let worker = null;

function post(question) {
  if (!worker) {
    worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => hear(data));
    worker.addEventListener("error", (event) => breakDown(event.message));
  }
  worker.postMessage(question);
}

function hear({ about, of, passed, told, many, name, size, claims, found, failed, walked }) {
  if (claims !== undefined) {
    if (of === files) showClaims(name, size, claims);
    return;
  }
  if (about !== asked) return;
  if (passed) pass(passed, told, many);
  else if (failed) showFailure(failed, walked);
  else showProven(found);
}

// An error that is none of a step's own is a fault of the verifier, and proves nothing.
function breakDown(message) {
  worker = null;
  get("go").disabled = false;
  get("ask-wrong").textContent = `The verifier itself failed, which proves nothing: ${message}`;
}

// -- what is chosen and entered ----------------------------------------------------------------

function choose(file) {
  clearResult();
  files += 1;
  asked += 1; // Whatever is still under way is about another file.
  get("ask-wrong").textContent = "";
  tellClaims(`${shorten(file.name)}, ${tellSize(file.size)}`);
  reading = read(file);
}

async function read(file) {
  if (file.size > LARGEST_FILE) {
    tellClaims(
      `${file.name} has ${tellSize(file.size)}, and this page takes up to ${tellSize(LARGEST_FILE)}: asset-ledger verify takes any.`,
      true,
    );
    return null;
  }
  const mine = files;
  try {
    const raw = await file.arrayBuffer();
    if (mine === files) post({ raw, name: shorten(file.name), of: mine });
    return raw;
  } catch (error) {
    tellClaims(`${file.name} cannot be read: ${error.message}`, true);
    return null;
  }
}

function showClaims(name, size, claims) {
  if (!claims) {
    tellClaims(`${name}, ${tellSize(size)}: it does not look like a bundle.`, true);
    return;
  }
  const { chainId, contract, subjects, number } = claims;
  const told = `${tellMany(subjects, "subject", "subjects")} as of block ${number} (0x${number.toString(16)}) of chain ${chainId}`;
  tellClaims(
    `${name}, ${tellSize(size)}. It says, and has still to prove: ${told}, contract ${shorten(contract)}.`,
  );
}

function tellClaims(text, isWrong = false) {
  get("claims").textContent = text;
  get("claims").classList.toggle("wrong", isWrong);
}

function tellSize(bytes) {
  if (bytes < 1024) return tellMany(bytes, "byte", "bytes");
  return bytes < 2 ** 20
    ? `${tellNumber(Math.round(bytes / 1024))} KiB`
    : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** What was entered, in lower case, or null if some of it cannot be right. */
function readFields() {
  const values = FIELDS.map(({ input, told, digits, what }) => {
    const value = input.value.trim().toLowerCase();
    const fits = new RegExp(`^0x[0-9a-f]{${digits}}$`).test(value);
    told.textContent = fits
      ? ""
      : `${what} is 0x and ${digits} hex digits${value ? `; this has ${[...value].length} characters` : ""}.`;
    input.setAttribute("aria-invalid", String(!fits));
    return fits ? value : null;
  });
  FIELDS.find((_, at) => values[at] === null)?.input.focus();
  return values.includes(null) ? null : values;
}

async function submit(event) {
  event.preventDefault();
  clearResult();
  const values = readFields();
  const raw = await reading;
  get("ask-wrong").textContent = raw ? "" : "Choose a bundle first.";
  if (!values || !raw) return;
  get("go").disabled = true;
  const [blockHash, contract] = values;
  asked += 1;
  post({ raw, trusted: { blockHash, contract }, about: asked });
}

// -- what comes out ----------------------------------------------------------------------------

function clearResult() {
  clearBoard();
  get("go").disabled = false;
  get("verdict").replaceChildren();
  get("result").replaceChildren();
}

function showProven(found) {
  get("go").disabled = false;
  const { block, subjects } = found;
  const history = tellMany(
    subjects.reduce((sum, each) => sum + each.history.length, 0),
    "entry",
    "entries",
  );
  conclude(
    "good",
    "Proven",
    `All fourteen steps hold. ${history} of ${tellMany(subjects.length, "subject", "subjects")}, complete as of block ${tellNumber(block.number)}, ${tellTime(block.timestamp)}.`,
  );
  get("result").replaceChildren(...layOut(found));
}

function showFailure({ number, name, code, reason, expected, found, subject }, walked) {
  get("go").disabled = false;
  failAt(number, reason);
  const values =
    expected === null
      ? null
      : make("dl.values", {}, ...pair("Expected", expected), ...pair("Found", found));
  const many = walked.get(number) ?? 0;
  const of = subject
    ? make(
        "p.meta",
        {},
        "Of ",
        make("code", {}, subject),
        many > 0 ? `; ${tellMany(many, "subject", "subjects")} before it passed this step` : "",
      )
    : null;
  conclude(
    "bad",
    `Not proven: step ${number}, ${name}`,
    `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`,
    of,
    values,
    make("p.meta", {}, "Error ", make("code", {}, code)),
  );
}

const pair = (name, value) => [
  make("dt", {}, name),
  make("dd", {}, make("code", {}, String(value))),
];

function conclude(tone, heading, text, ...more) {
  const verdict = get("verdict");
  verdict.replaceChildren(
    make(`div.verdict.${tone}`, {}, make("h2", {}, heading), make("p", {}, text), ...more),
  );
  verdict.focus({ preventScroll: true });
  verdict.scrollIntoView({ block: "nearest" });
}

// -- wiring ------------------------------------------------------------------------------------

function takeDrops(zone) {
  const has = (event) => [...event.dataTransfer.types].includes("Files");
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      if (!has(event)) return;
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  document.addEventListener(
    "dragleave",
    (event) => event.relatedTarget === null && zone.classList.remove("over"),
  );
  document.addEventListener("drop", (event) => {
    if (!has(event)) return;
    event.preventDefault();
    zone.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) choose(file);
  });
}

async function lookForHashes() {
  try {
    await import("./hashes.js");
  } catch {
    get("missing").hidden = false;
    get("go").disabled = true;
  }
}

function begin() {
  const takeChosen = () => get("file").files[0] && choose(get("file").files[0]);
  takeDrops(get("drop"));
  get("file").addEventListener("change", takeChosen);
  get("ask").addEventListener("submit", submit);
  lookForHashes();
  takeChosen(); // It may have been chosen while this script was on its way.
}

begin();
