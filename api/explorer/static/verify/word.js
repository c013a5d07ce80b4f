// A subject's word: what the contract keeps of it in one slot, bit by bit.

import { numberToHex } from "./bytes.js";
import { Fault } from "./steps.js";

export const CLASSES = [null, "asset", "batch", "schema", "world", "organisation", "ledger"];

const [OPENED, COUNT, CLASS] = [160, 196, 228];
const APPROVED = 1n << 233n;
// The bits that each class may have from 232 on.
const FLAGS = { asset: 13, batch: 24, schema: 0, world: 1, organisation: 17, ledger: 0 };

const bits = (word, at, width) => Number((word >> BigInt(at)) & ((1n << BigInt(width)) - 1n));

/** A word taken apart: owner as 0x-hex, times in seconds since 1970. */
export function readWord(word) {
  const about = CLASSES[bits(word, CLASS, 4)];
  if (!about) throw new Fault("a word of no class", "1 to 6", `${bits(word, CLASS, 4)}`);
  const count = bits(word, COUNT, 32);
  if (count === 0) throw new Fault("a word that counts no entry", "1 or more", "0");
  if (word >> BigInt(232 + FLAGS[about])) {
    throw new Fault("a word has bits that mean nothing", "zeros", numberToHex(word, 32));
  }
  const owner = numberToHex(word & ((1n << 160n) - 1n), 20);
  const size = about === "batch" ? bits(word, 232, 24) : 0;
  return {
    about,
    count,
    owner,
    openedAt: bits(word, OPENED, 36),
    size,
    isApproved: isApproved(about, word),
    raw: word,
  };
}

function isApproved(about, word) {
  return about === "asset" && (word & APPROVED) !== 0n;
}

/** The word of an asset of a batch to which nothing was written. */
export function unwrittenWord({ owner, openedAt }) {
  return readWord(makeWord({ about: "asset", owner, openedAt, count: 1, flags: 0n }));
}

/** A word put together; flags begin at bit 232. */
export function makeWord({ about, owner, openedAt, count, flags }) {
  const parts = [
    [BigInt(owner), 0],
    [BigInt(openedAt), OPENED],
    [BigInt(count), COUNT],
    [BigInt(CLASSES.indexOf(about)), CLASS],
    [flags, 232],
  ];
  return parts.reduce((word, [part, at]) => word | (part << BigInt(at)), 0n);
}

/** A word without the flag that no entry sets. */
export function withoutApproval({ about, raw }) {
  return isApproved(about, raw) ? raw ^ APPROVED : raw;
}
