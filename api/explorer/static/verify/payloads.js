// Payloads: the canonical ABI encoding of a kind's words, read with nothing left open.

import { toHex, toNumber } from "./bytes.js";
import { ASSET_KINDS, PARTIES, STAGES } from "./kinds.js";
import { Fault } from "./steps.js";

const LARGEST = { number: 2n ** 64n - 1n, size: 2n ** 24n - 1n };
const NAMES = { kind: ASSET_KINDS, party: PARTIES, held: PARTIES, stage: STAGES };
const HEAD = 64; // bytes of the two words 32 and 32, with which a text or a list begins

/** The fields of a payload by name: hashes and addresses as 0x-hex, else numbers and words. */
export function readPayload({ name, fields }, bytes) {
  const [[first, type]] = fields;
  if (type === "text") return { [first]: readText(bytes) };
  if (type === "hashes") return { [first]: readHashes(bytes) };
  if (bytes.length !== 32 * fields.length) {
    throw new Fault(`a payload of ${name} is of another length`, 32 * fields.length, bytes.length);
  }
  return Object.fromEntries(
    fields.map(([field, of], at) => [
      field,
      readWord(of, field, bytes.subarray(32 * at, 32 * at + 32)),
    ]),
  );
}

function readWord(type, field, word) {
  if (type === "hash") return toHex(word);
  const number = toNumber(word);
  if (type === "address") {
    if (number >> 160n) throw new Fault(`${field} is no address`, "160 bits", toHex(word));
    return toHex(word.subarray(12));
  }
  if (type in NAMES) return readName(type, field, number);
  const least = type === "size" ? 1n : 0n;
  if (number < least || number > LARGEST[type]) {
    throw new Fault(`${field} is out of bounds`, `${least} to ${LARGEST[type]}`, `${number}`);
  }
  return number;
}

function readName(type, field, number) {
  const names = NAMES[type];
  const least = type === "held" ? 1n : 0n;
  if (number < least || number >= BigInt(names.length)) {
    throw new Fault(`${field} is out of bounds`, `${least} to ${names.length - 1}`, `${number}`);
  }
  return names[Number(number)];
}

function readText(bytes) {
  const length = readCount(bytes, 1n);
  const padded = Math.ceil(length / 32) * 32;
  if (bytes.length !== HEAD + 32 + padded) throw new Fault("a text is of another length");
  const text = bytes.subarray(HEAD + 32, HEAD + 32 + length);
  if (bytes.subarray(HEAD + 32 + length).some((byte) => byte !== 0)) {
    throw new Fault("a text is not padded with zeros");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    throw new Fault("a text is not UTF-8");
  }
}

function readHashes(bytes) {
  const count = readCount(bytes, 32n);
  if (count === 0 || bytes.length !== HEAD + 32 + 32 * count) {
    throw new Fault("a list is of another length");
  }
  return Array.from({ length: count }, (_, at) =>
    toHex(bytes.subarray(HEAD + 32 * (at + 1), HEAD + 32 * (at + 2))),
  );
}

// How many items follow, each of so many bytes at least; more than there are bytes is refused here.
function readCount(bytes, item) {
  if (bytes.length < HEAD + 32) throw new Fault("a payload ends too early");
  for (const at of [0, 32]) {
    if (toNumber(bytes.subarray(at, at + 32)) !== 32n) {
      throw new Fault("a payload begins with another offset", "32");
    }
  }
  const count = toNumber(bytes.subarray(HEAD, HEAD + 32));
  if (count * item > BigInt(bytes.length)) throw new Fault("a payload ends too early");
  return Number(count);
}
