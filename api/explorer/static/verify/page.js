// The page: takes a file and what is trusted, has it verified, and shows the outcome.

import { readArtifact, readTrust, showWay } from "./ask.js";
import { clearBoard, failAt, pass } from "./board.js";
import { get, make } from "./dom.js";
import { LARGEST_FILE } from "./limits.js";
import { layOut } from "./result.js";
import { shorten, tellMany, tellNumber, tellSize, tellTime } from "./words.js";

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
  const { chainId, contract, subjects, number, checkpoints, anchors } = claims;
  const told = `${tellMany(subjects, "subject", "subjects")} as of block ${number} (0x${number.toString(16)}) of chain ${chainId}`;
  tellClaims(
    `${name}, ${tellSize(size)}. It says, and has still to prove: ${told}, contract ${shorten(contract)}. ${tellWords(checkpoints, anchors)}`,
  );
}

// What is there for whoever knows no block's hash.
function tellWords(checkpoints, anchors) {
  if (checkpoints === 0) return "No checkpoint is in it.";
  const told = tellMany(checkpoints, "checkpoint is", "checkpoints are");
  return anchors > 0 ? `${told} in it, with a proof of another chain.` : `${told} in it.`;
}

function tellClaims(text, isWrong = false) {
  get("claims").textContent = text;
  get("claims").classList.toggle("wrong", isWrong);
}

async function submit(event) {
  event.preventDefault();
  clearResult();
  const [trusted, raw, artifact] = await Promise.all([readTrust(), reading, readArtifact()]);
  get("ask-wrong").textContent = raw ? "" : "Choose a bundle first.";
  if (!trusted || !raw || artifact === undefined) return;
  get("go").disabled = true;
  asked += 1;
  post({ raw, trusted, artifact, about: asked });
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
    ...tellReasons(found),
  );
  get("result").replaceChildren(...layOut(found));
}

/** What was looked at besides the steps. */
function tellReasons({ vouched, isCodeKnown }) {
  const code = make("p", {}, "The contract’s code is that of the compiled contract you chose.");
  return [...(vouched ? [tellVouching(vouched)] : []), ...(isCodeKnown ? [code] : [])];
}

function tellVouching({ witnesses, of, block }) {
  const many = tellMany(witnesses.length, "witness that you trust", "witnesses that you trust");
  const where = block
    ? `The log on the other chain holds the word of ${many}, as of its block ${tellNumber(block.number)}, ${tellTime(block.timestamp)}: a checkpoint of block ${tellNumber(of)}.`
    : `${many} signed a checkpoint of block ${tellNumber(of)}:`;
  const names = witnesses.map((one) => make("li", {}, make("code", {}, one)));
  return make("div", {}, make("p", {}, where), make("ul.names", {}, ...names));
}

function showFailure({ number, name, code, cause, reason, expected, found, subject }, walked) {
  get("go").disabled = false;
  if (number !== null) failAt(number, reason);
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
    number === null ? `Not proven: ${name}` : `Not proven: step ${number}, ${name}`,
    `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`,
    of,
    values,
    make("p.meta", {}, "Error ", make("code", {}, cause ? `${code}, ${cause}` : code)),
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
    await Promise.all([import("./hashes.js"), import("./signatures.js")]);
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
  get("ask").addEventListener("change", showWay);
  showWay(); // Whoever comes back to the page may find another way chosen.
  lookForHashes();
  takeChosen(); // It may have been chosen while this script was on its way.
}

begin();
