// Step 13: documents that entries name, and fields of them that are disclosed.

import { toHex } from "./bytes.js";
import { parseCanonical } from "./canonical.js";
import { KINDS } from "./kinds.js";
import { hashLeaf, rootOfLeaves, rootOfSides } from "./merkle.js";
import { Fault, compare } from "./steps.js";

const HASHES = new Set(["hash", "hashes"]);

/** Where each hash is named that a payload or a birth record names: the subjects and positions. */
export function placesOf(proven) {
  const places = new Map();
  const add = (hash, subject, position) => {
    if (!places.has(hash)) places.set(hash, []);
    places.get(hash).push({ subject, position });
  };
  for (const { id, birth, history } of proven.values()) {
    if (birth) add(birth, id, 0);
    for (const { kind, position, fields } of history) {
      const { fields: words } = KINDS.get(kind);
      const named = words.filter(([, type]) => HASHES.has(type)).flatMap(([name]) => fields[name]);
      for (const hash of new Set(named)) add(hash, id, position);
    }
  }
  return places;
}

/** The commitments of documents: each named, each the root of its leaves. */
export function verifyDocuments(documents, places) {
  return documents.map(({ content_hash: hash, leaves }) => {
    const named = getPlaces(hash, places);
    compare("a document's root", hash, rootOfLeaves(leaves));
    return { hash, leaves: leaves.length, places: named };
  });
}

/** The fields that are disclosed; the serial has no name. */
export function verifyFields(fields, places) {
  return fields.map(({ content_hash: hash, leaf, path }) => {
    const named = getPlaces(hash, places);
    const root = rootOfSides(hashLeaf(new TextEncoder().encode(leaf)), path);
    compare("the root that a field leads to", hash, toHex(root));
    return { ...readLeaf(leaf), hash, places: named };
  });
}

function getPlaces(hash, places) {
  const named = places.get(hash);
  if (!named) throw new Fault("no entry names this document", hash, "nothing");
  return named;
}

const SALT = /^[0-9a-f]{32}$/;
const isText = (value) => typeof value === "string";
const isSalt = (value) => isText(value) && SALT.test(value);

function readLeaf(leaf) {
  const value = parseCanonical(leaf, 0);
  if (Array.isArray(value)) {
    const [type, salt, ...rest] = value;
    if (type === "serial" && rest.length === 1 && isSalt(salt) && isText(rest[0])) {
      return { name: null, value: rest[0], salt };
    }
    if (type === "field" && rest.length === 2 && isSalt(salt) && isText(rest[0])) {
      return { name: rest[0], value: rest[1], salt };
    }
  }
  throw new Fault(
    "a leaf is no field in canonical form",
    '["field",salt,name,value]',
    leaf.slice(0, 80),
  );
}
