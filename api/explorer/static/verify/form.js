// Step 1: the bytes are exactly the canonical form of a bundle.

import { isArchive, readArchive } from "./archive.js";
import { canonical } from "./canonical.js";
import { readFiles } from "./sealed.js";
import { hex, integer, list, object, only, text } from "./shape.js";
import { Fault } from "./steps.js";

const HASH = hex(32);
const ENTRY = {
  org: HASH,
  kind: integer(0, 0xffff),
  payload: hex(),
  timestamp: integer(0, 2 ** 40 - 1),
};
const firstEntry = object({ ...ENTRY, position: only(0) });
const laterEntry = object({
  ...ENTRY,
  position: integer(1, 2 ** 32 - 1),
  actor: hex(20),
});
const entry = (value) => (value?.position === 0 ? firstEntry : laterEntry)(value);
const left = object({ left: HASH });
const right = object({ right: HASH });
const sibling = (value) => (Object.hasOwn(value ?? {}, "left") ? left : right)(value);

const SIGNED = {
  domain: HASH,
  block_number: integer(0, Number.MAX_SAFE_INTEGER),
  block_hash: HASH,
  ledger_head: HASH,
  signatures: list(hex(65), { most: 256 }),
};
const EVIDENCE = {
  headers: list(hex(), { least: 1, most: 1024 }),
  anchor: object({
    log: hex(20),
    header: hex(),
    account_proof: list(hex(), { most: 64 }),
    slots: list(object({ witness: hex(20), nodes: list(hex(), { most: 64 }) }), { most: 256 }),
  }),
};
const CHECKPOINT = object(SIGNED, EVIDENCE);
const CHECKPOINT_FILE = object({ format: only("asset-ledger-checkpoint/1"), ...SIGNED }, EVIDENCE);

const BUNDLE = object(
  {
    version: only(1),
    chain_id: integer(0, Number.MAX_SAFE_INTEGER),
    contract: hex(20),
    header: hex(),
    subject: HASH,
    subjects: list(
      object(
        { id: HASH, entries: list(entry) },
        { birth: object({ content_hash: HASH, path: list(HASH, { most: 24 }) }) },
      ),
      { least: 1 },
    ),
    nodes: list(hex()),
  },
  {
    holdings: object({ organisation: HASH, assets: list(HASH) }),
    tree: only(true),
    documents: list(object({ content_hash: HASH, leaves: list(HASH) }), { least: 1 }),
    fields: list(object({ content_hash: HASH, leaf: text, path: list(sibling) }), { least: 1 }),
    checkpoints: list(CHECKPOINT, { least: 1 }),
    manifest: object({ compiler: text, source_hash: HASH }),
  },
);

/** The bundle that the bytes are, still in 0x-hex, and the documents that came with it. */
export function readForm(raw) {
  const { bundle, sealed } = isArchive(raw)
    ? readFiles(readArchive(raw))
    : { bundle: raw, sealed: [] };
  return { ...readBundle(bundle), sealed };
}

/** The checkpoint that a file beside a bundle holds, which need not be in canonical form. */
export function readCheckpoint(raw) {
  const checkpoint = parse(decodeText(raw));
  verifyShape(CHECKPOINT_FILE, checkpoint, "the checkpoint");
  return checkpoint;
}

function verifyShape(check, value, what) {
  const fault = check(value);
  if (!fault) return;
  const where = fault.path.slice(1) || what;
  throw new Fault(`${where} has the wrong form`, fault.wants, tell(fault.value));
}

function readBundle(raw) {
  const written = decodeText(raw);
  const bundle = parse(written);
  verifyShape(BUNDLE, bundle, "the bundle");
  verifyLists(bundle);
  const rewritten = canonical(bundle);
  if (rewritten !== written) {
    throw new Fault("not in canonical form", ...firstDifference(rewritten, written));
  }
  return bundle;
}

function decodeText(raw) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    throw new Fault("not a text in UTF-8");
  }
}

function parse(written) {
  try {
    return JSON.parse(written);
  } catch (error) {
    throw new Fault(`not JSON: ${error.message}`);
  }
}

function tell(value) {
  if (value === undefined) return "nothing";
  return typeof value === "object" && value !== null
    ? "a list or an object"
    : brief(JSON.stringify(value));
}

function brief(written) {
  return written.length > 80 ? `${written.slice(0, 80)}…` : written;
}

function firstDifference(expected, found) {
  if (expected === null) return [];
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at += 1;
  return [expected, found].map(
    (one) => `${JSON.stringify(one.slice(at, at + 24))} at character ${at}`,
  );
}

function verifyLists({ subject, subjects, holdings, documents, fields, checkpoints }) {
  const ids = new Set(subjects.map(({ id }) => id));
  if (ids.size !== subjects.length) throw new Fault("subjects: one is there twice");
  if (!ids.has(subject)) throw new Fault("subject is not among the subjects", subject, "nothing");
  verifyOrder(
    "holdings.assets",
    (holdings?.assets ?? []).map((id) => [id]),
  );
  verifyOrder(
    "documents",
    (documents ?? []).map((each) => [each.content_hash]),
  );
  const numbers = (checkpoints ?? []).map((each) => each.block_number);
  const late = numbers.findIndex((number, at) => number <= numbers[at - 1]);
  if (late > 0) throw new Fault(`checkpoints[${late}] is not behind the one before`);
  verifyOrder(
    "fields",
    (fields ?? []).map((each) => [each.content_hash, each.leaf]),
  );
}

function verifyOrder(where, keys) {
  const at = keys.findIndex((key, place) => place > 0 && !isBefore(keys[place - 1], key));
  if (at > 0) throw new Fault(`${where}[${at}] is not behind the one before`);
}

// By code points, as UTF-8 is ordered and UTF-16 is not.
function isBefore(one, other) {
  const [first, second] = [one, other].map((key) =>
    Array.from(key.join(""), (c) => c.codePointAt(0)),
  );
  const at = first.findIndex((point, place) => point !== second[place]);
  return at === -1
    ? first.length < second.length
    : second[at] !== undefined && first[at] < second[at];
}
