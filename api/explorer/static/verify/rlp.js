// RLP (Ethereum Yellow Paper, appendix B), of which only the shortest writing is taken.

import { toNumber } from "./bytes.js";
import { Fault } from "./steps.js";

const DEEPEST = 64;

/** A list, with the bytes that it was written in. */
export class RlpList {
  constructor(items, raw) {
    this.items = items;
    this.raw = raw;
  }
}

/** The one item that all of the bytes are: bytes, or a list. */
export function decodeRlp(bytes) {
  const [item, end] = readItem(bytes, 0, bytes.length, 0);
  if (end !== bytes.length) throw new Fault("RLP is followed by more", end, bytes.length);
  return item;
}

/** The bytes of one item that is no list. */
export function decodeRlpString(bytes) {
  const item = decodeRlp(bytes);
  if (item instanceof RlpList) throw new Fault("RLP is a list where bytes must be");
  return item;
}

/** The number that bytes are: no leading zeros, and at most so many bytes. */
export function decodeRlpNumber(bytes, most, what) {
  if (bytes instanceof RlpList) throw new Fault(`${what} is a list`);
  if (bytes.length > most) {
    throw new Fault(`${what} is too long`, `at most ${most} bytes`, `${bytes.length}`);
  }
  if (bytes[0] === 0) throw new Fault(`${what} has leading zeros`);
  return toNumber(bytes);
}

function readItem(bytes, at, end, depth) {
  if (at >= end) throw new Fault("RLP ends too early");
  if (depth > DEEPEST) throw new Fault(`RLP is nested more than ${DEEPEST} deep`);
  const first = bytes[at];
  if (first < 0x80) return [bytes.subarray(at, at + 1), at + 1];
  if (first < 0xc0) return readString(bytes, at, end);
  const [start, stop] = readLength(bytes, at, end, 0xc0);
  const items = [];
  let place = start;
  while (place < stop) {
    const [item, next] = readItem(bytes, place, stop, depth + 1);
    items.push(item);
    place = next;
  }
  return [new RlpList(items, bytes.subarray(at, stop)), stop];
}

function readString(bytes, at, end) {
  const [start, stop] = readLength(bytes, at, end, 0x80);
  const text = bytes.subarray(start, stop);
  if (text.length === 1 && text[0] < 0x80) {
    throw new Fault("RLP: a byte below 0x80 is written as itself");
  }
  return [text, stop];
}

// Where the item's own bytes begin and end. Below 56 the first byte says how many they are.
function readLength(bytes, at, end, base) {
  const short = bytes[at] - base;
  if (short < 56) return within(at + 1, short, end);
  const size = short - 55;
  if (at + 1 + size > end) throw new Fault("RLP ends too early");
  if (bytes[at + 1] === 0) throw new Fault("RLP: a length has leading zeros");
  const length = toNumber(bytes.subarray(at + 1, at + 1 + size));
  if (length < 56n) throw new Fault("RLP: a length is not written the short way");
  return within(at + 1 + size, length > BigInt(end) ? end + 1 : Number(length), end);
}

function within(start, length, end) {
  if (start + length > end) throw new Fault("RLP ends too early");
  return [start, start + length];
}
