// Merkle trees of RFC 6962 (RFC 9162 in the words of its second edition).

import { fromHex, join, toHex } from "./bytes.js";
import { sha256 } from "./hashes.js";
import { Fault } from "./steps.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The hash of a leaf. */
export function hashLeaf(bytes) {
  return sha256(join(LEAF, bytes));
}

function hashNode(left, right) {
  return sha256(join(NODE, left, right));
}

/** The tree's root over leaf hashes (2.1). */
export function treeHash(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array());
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at + 1 < level.length; at += 2) above.push(hashNode(level[at], level[at + 1]));
    if (level.length % 2 === 1) above.push(level.at(-1)); // It rises as it is.
    level = above;
  }
  return level[0];
}

/** The root to which a path leads from the leaf at `index` of `size` (RFC 9162, 2.1.3.2). */
export function rootOfPath(leaf, index, size, path) {
  let [place, last, root] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) throw new Fault("the path is longer than the tree is high");
    if (place % 2 === 1 || place === last) {
      root = hashNode(sibling, root);
      while (place % 2 === 0 && place !== 0) [place, last] = [place >> 1, last >> 1];
    } else {
      root = hashNode(root, sibling);
    }
    [place, last] = [place >> 1, last >> 1];
  }
  if (last !== 0) throw new Fault("the path is shorter than the tree is high");
  return root;
}

/** The root to which siblings lead that say on which side they are. */
export function rootOfSides(leaf, path) {
  return path.reduce(
    (root, { left, right }) =>
      left ? hashNode(fromHex(left), root) : hashNode(root, fromHex(right)),
    leaf,
  );
}

/** The root as 0x-hex over leaf hashes given as 0x-hex. */
export function rootOfLeaves(leaves) {
  return toHex(treeHash(leaves.map(fromHex)));
}
