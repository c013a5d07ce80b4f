// Part of step 2 for whoever knows no block's hash: trusted witnesses vouch for the block.

import { verifyAnchor } from "./anchor.js";
import { toHex } from "./bytes.js";
import { verifyDescent, verifyDomain } from "./checkpoints.js";
import { parseHeader } from "./header.js";
import { keccak } from "./hashes.js";
import { Fault, NotVouched, blaming } from "./steps.js";
import { verifySignatures, verifyThreshold } from "./witnesses.js";

/**
 * Who vouches for a header's block, by the newest checkpoint that does, of some in the order of
 * their blocks; if none does, it is told why the newest does not. `otherChain` (log, blockHash) has
 * the words of `witnesses` taken from a log there.
 */
export function vouchAny(header, checkpoints, { witnesses, otherChain }, domain) {
  verifyThreshold(witnesses);
  const block = () => ({ ...parseHeader(header), hash: toHex(keccak(header)) });
  let failure = null;
  for (const checkpoint of [...checkpoints].reverse()) {
    try {
      return vouch(checkpoint, block, witnesses, otherChain, domain);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failure ??= error;
    }
  }
  throw failure ?? new NotVouched("no_checkpoint", "no checkpoint comes with the bundle");
}

function vouch(checkpoint, block, witnesses, otherChain, domain) {
  blaming("wrong_domain", () => verifyDomain(checkpoint, domain));
  const found = otherChain
    ? verifyAnchor(checkpoint, witnesses, otherChain)
    : { witnesses: verifySignatures(checkpoint, witnesses), block: null };
  blaming("not_descended", () => verifyDescent(checkpoint, block()));
  return { ...found, of: checkpoint.block_number, checkpoint };
}
