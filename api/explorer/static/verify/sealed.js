// Documents themselves: each with the seed of its salts, from which its tree is made anew.

import { fromHex, toHex } from "./bytes.js";
import { canonical, parseCanonical } from "./canonical.js";
import { hmac } from "./hashes.js";
import { hashLeaf, treeHash } from "./merkle.js";
import { hex, object } from "./shape.js";
import { Fault, compare } from "./steps.js";

const NAME = /^documents\/([0-9a-f]{64})\.json$/;
const SALT = 16; // bytes

const utf8 = new TextEncoder();
const serial = (value) => {
  if (value !== null && typeof value !== "string")
    return { path: "", wants: "a text or null", value };
};
const OPENING = object({ seed: hex(32), serial });

/** Part of step 1: the bundle and the documents that the files of a zip are. */
export function readFiles(files) {
  const bundle = files.get("bundle.json");
  if (!bundle) throw new Fault("the zip holds no bundle.json");
  const sealed = [...files.keys()]
    .filter((name) => NAME.test(name))
    .map((name) => readSealed(NAME.exec(name)[1], files));
  if (files.size !== 1 + 2 * sealed.length) throw new Fault("the zip holds files of other names");
  return { bundle, sealed };
}

function readSealed(digits, files) {
  const opening = files.get(`openings/${digits}.json`);
  if (!opening) throw new Fault(`the zip holds no opening of the document ${digits}`);
  const opened = readCanonical(opening, `the opening of ${digits}`);
  if (OPENING(opened)) throw new Fault(`the opening of ${digits} has the wrong form`);
  const document = readCanonical(files.get(`documents/${digits}.json`), `the document ${digits}`);
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new Fault(`the document ${digits} is no object`);
  }
  return { hash: `0x${digits}`, document, ...opened };
}

function readCanonical(bytes, what) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fault(`${what} is not UTF-8`);
  }
  const value = parseCanonical(text, 0);
  if (value === undefined) throw new Fault(`${what} is not in canonical form`);
  return value;
}

/** Part of step 13: each document is named, and its tree has the root that its name says. */
export function verifySealed(sealed, places) {
  return sealed.map(({ hash, document, seed, serial: own }) => {
    const named = places.get(hash);
    if (!named) throw new Fault("no entry names this document", hash, "nothing");
    compare("a document's root", hash, toHex(treeHash(leavesOf(document, fromHex(seed), own))));
    return { hash, document, serial: own, places: named };
  });
}

function leavesOf(document, seed, own) {
  const fields = Object.keys(document)
    .sort()
    .map((name) => leaf(seed, ["field", name], document[name]));
  return own === null ? fields : [leaf(seed, ["serial"], own), ...fields];
}

function leaf(seed, label, value) {
  const salt = toHex(hmac(seed, utf8.encode(canonical(label))).subarray(0, SALT)).slice(2);
  const [type, ...name] = label;
  // Put together of parts, for a value may be as deep as a document may be.
  const parts = [type, salt, ...name].map((text) => canonical(text));
  return hashLeaf(utf8.encode(`[${[...parts, canonical(value, 1)].join(",")}]`));
}
