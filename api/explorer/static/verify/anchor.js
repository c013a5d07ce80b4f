// Proves that a log on another chain holds a checkpoint, as its witnesses signed it there.

import { Storage, readAccount, slotOf } from "./account.js";
import { fromHex, numberToHex, padLeft, toHex, toWord } from "./bytes.js";
import { readHeader } from "./header.js";
import { Fault, NotVouched, blaming, compare } from "./steps.js";
import { Nodes } from "./trie.js";
import { countWitnesses, digestOf } from "./witnesses.js";

const DIGESTS = 0; // the log's mapping of domain, witness and block number to what was signed

/** Those of the trusted whose word the log holds, and the other chain's block that says so. */
export function verifyAnchor(checkpoint, { trusted, threshold }, { log, blockHash }) {
  const { anchor } = checkpoint;
  if (!anchor) {
    throw new NotVouched("wrong_anchor", "no proof of the other chain’s state is with it");
  }
  const { block, signed } = blaming("wrong_anchor", () => {
    const found = readHeader(fromHex(anchor.header), blockHash);
    compare("the log", log, anchor.log);
    const root = readLog(found.stateRoot, log, anchor.account_proof);
    const held = anchor.slots.filter((slot) => isHeld(root, checkpoint, slot, trusted));
    return { block: found, signed: held.map(({ witness }) => witness) };
  });
  return { witnesses: countWitnesses(signed, trusted, threshold), block };
}

/** The root of the log's storage. */
function readLog(stateRoot, log, proof) {
  return walk(proof, (nodes) => readAccount(nodes, stateRoot, fromHex(log)).storageRoot);
}

/** Whether the log holds this very checkpoint of a witness. */
function isHeld(root, checkpoint, { witness, nodes: proof }, trusted) {
  const slot = slotOfDigest(checkpoint, witness);
  const held = walk(proof, (nodes) => new Storage(nodes, root).read(slot));
  if (held === 0n) return false;
  const [expected, found] = [toHex(digestOf(checkpoint)), numberToHex(held, 32)];
  if (found === expected) return true;
  if (!trusted.includes(witness)) return false;
  const reason = `${witness} signed another checkpoint of block ${checkpoint.block_number}`;
  throw new NotVouched("contradiction", reason, expected, found);
}

function slotOfDigest({ domain, block_number: number }, witness) {
  const ofDomain = slotOf(fromHex(domain), DIGESTS);
  return slotOf(toWord(number), slotOf(padLeft(fromHex(witness)), ofDomain));
}

// What nodes of one walk prove, each of which must have been needed.
function walk(proof, read) {
  const nodes = new Nodes(proof.map(fromHex));
  const found = read(nodes);
  if (nodes.untaken > 0) throw new Fault("nodes are left over", "0", `${nodes.untaken}`);
  return found;
}
