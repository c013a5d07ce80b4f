// Proofs of Merkle Patricia tries: the walk from a root to a key, or to where the key turns aside.

import { areEqual, toHex } from "./bytes.js";
import { keccak } from "./hashes.js";
import { parseNode, readNode } from "./node.js";
import { Fault } from "./steps.js";

const LENGTH = 64; // nibbles of a key, which is a hash

/** The bundle's nodes, each taken when it is first needed. */
export class Nodes {
  #taken = new Map();
  #left;
  #next = 0;

  constructor(nodes) {
    this.#left = nodes;
  }

  get taken() {
    return this.#next;
  }

  get untaken() {
    return this.#left.length - this.#next;
  }

  /** The node with this hash: one that was taken before, or else the next. */
  get(hash) {
    const name = toHex(hash);
    const known = this.#taken.get(name);
    if (known) return known;
    const raw = this.#left[this.#next];
    if (raw === undefined) throw new Fault("a node is missing", name, "no more nodes");
    const found = toHex(keccak(raw));
    if (found !== name) throw new Fault(`node ${this.#next} is another`, name, found);
    this.#next += 1;
    const node = { ...parseNode(raw), size: raw.length };
    this.#taken.set(name, node);
    return node;
  }
}

/** The value under a key's hash, or null where a node turns aside from it. */
export function readTrie(nodes, root, key) {
  const path = toNibbles(keccak(key));
  let node = nodes.get(root);
  if (node.type === "empty") return null;
  let depth = 0;
  for (;;) {
    verifyDepth(node, depth);
    if (node.type === "leaf") return isAt(path, depth, node.path) ? node.value : null;
    let child;
    if (node.type === "branch") {
      child = node.children[path[depth]];
      depth += 1;
      if (child === null) return null;
    } else {
      if (!isAt(path, depth, node.path)) return null;
      child = node.child;
      depth += node.path.length;
    }
    const above = node.type;
    node = child.type === "hash" ? named(nodes, child.hash) : readNode(child.list);
    if (above === "extension" && node.type !== "branch") {
      throw new Fault("an extension leads to no branch");
    }
  }
}

// A root is named by its hash whatever its length; all others only if they are not short.
function named(nodes, hash) {
  const node = nodes.get(hash);
  if (node.size < 32) throw new Fault("a node shorter than 32 bytes is not embedded");
  return node;
}

// A leaf ends the key; a branch, or the one that follows an extension, takes a nibble more.
function verifyDepth(node, depth) {
  if (node.type === "leaf") {
    const length = depth + node.path.length;
    if (length !== LENGTH) {
      throw new Fault("a key of another length", `${LENGTH} nibbles`, `${length}`);
    }
  } else if (depth + (node.path?.length ?? 0) >= LENGTH) {
    throw new Fault(
      "a node where a key has ended",
      `fewer than ${LENGTH} nibbles`,
      `${LENGTH} or more`,
    );
  }
}

function isAt(path, depth, nibbles) {
  return areEqual(path.subarray(depth, depth + nibbles.length), nibbles);
}

/** The halves of each byte. */
export function toNibbles(bytes) {
  const nibbles = new Uint8Array(2 * bytes.length);
  bytes.forEach((byte, at) => nibbles.set([byte >> 4, byte & 15], 2 * at));
  return nibbles;
}
