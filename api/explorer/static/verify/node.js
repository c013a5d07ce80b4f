// One node of a trie, as strictly as it could be written.

import { RlpList, decodeRlp } from "./rlp.js";
import { Fault } from "./steps.js";

/** The node that the bytes are. What is embedded in it is read when the way leads there. */
export function parseNode(raw) {
  const item = decodeRlp(raw);
  if (item instanceof RlpList) return readNode(item);
  if (item.length === 0) return { type: "empty" };
  throw new Fault("a node is no list");
}

/** The node that a list is. */
export function readNode({ items }) {
  if (items.length === 17) return readBranch(items);
  if (items.length === 2) return readPath(items);
  throw new Fault("a node of the wrong length", "17 or 2 items", `${items.length}`);
}

function readBranch(items) {
  if (items[16] instanceof RlpList || items[16].length > 0) {
    throw new Fault("a branch holds a value");
  }
  const children = items.slice(0, 16).map((item) => (isEmpty(item) ? null : readChild(item)));
  const there = children.filter((child) => child !== null);
  if (there.length < 2) throw new Fault("a branch of too few children", "2", `${there.length}`);
  return { type: "branch", children };
}

function isEmpty(item) {
  return !(item instanceof RlpList) && item.length === 0;
}

function readChild(item) {
  if (item instanceof RlpList) {
    if (item.raw.length >= 32) throw new Fault("a node of 32 bytes or more is embedded");
    return { type: "embedded", list: item };
  }
  if (item.length !== 32) throw new Fault("a child is no hash", "32 bytes", `${item.length}`);
  return { type: "hash", hash: item };
}

function readPath([written, item]) {
  const { path, isLeaf } = readHexPrefix(written);
  if (isLeaf) {
    if (item instanceof RlpList || item.length === 0) throw new Fault("a leaf holds no value");
    return { type: "leaf", path, value: item };
  }
  if (path.length === 0) throw new Fault("an extension of no length");
  if (isEmpty(item)) throw new Fault("an extension leads nowhere");
  return { type: "extension", path, child: readChild(item) };
}

// Yellow Paper, appendix C: the first nibble says whether it is a leaf (2) and of odd length (1).
function readHexPrefix(bytes) {
  if (bytes instanceof RlpList || bytes.length === 0) throw new Fault("a node has no path");
  const flag = bytes[0] >> 4;
  const isOdd = (flag & 1) === 1;
  if (flag > 3 || (!isOdd && (bytes[0] & 15) !== 0)) throw new Fault("a path with a wrong prefix");
  const nibbles = Array.from(bytes, (byte) => [byte >> 4, byte & 15]).flat();
  return { path: Uint8Array.from(nibbles.slice(isOdd ? 1 : 2)), isLeaf: flag > 1 };
}
