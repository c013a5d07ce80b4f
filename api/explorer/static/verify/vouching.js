// Part of step 2 for whoever knows no block's hash: trusted witnesses vouch for the block.

import { verifyAnchor } from "./anchor.js";
import { fromHex, toHex } from "./bytes.js";
import { verifyDescent, verifyDomain } from "./checkpoints.js";
import { parseHeader } from "./header.js";
import { keccak } from "./hashes.js";
import { Fault, NotVouched, blaming } from "./steps.js";
import { verifySignatures, verifyThreshold } from "./witnesses.js";

/**
 * Who vouches for the bundle's block, by the newest checkpoint that does; of its failures, that of
 * the newest is told. `otherChain` (log, blockHash) has their words taken from a log there.
 */
export function vouchAny({ header, checkpoints = [] }, witnesses, otherChain, domain) {
  verifyThreshold(witnesses);
  const raw = fromHex(header);
  const block = () => ({ ...parseHeader(raw), hash: toHex(keccak(raw)) });
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
  return { ...found, of: checkpoint.block_number };
}
