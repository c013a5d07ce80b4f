// Checkpoints that a bundle holds: of its own block, or of a later one that headers lead down from.
// Whose signatures they bear is looked at where witnesses are trusted (vouching.js).

import { fromHex, toHex } from "./bytes.js";
import { parseHeader } from "./header.js";
import { keccak } from "./hashes.js";
import { compare } from "./steps.js";

/** Part of step 2: each is of this ledger, and of this block or of one that follows from it. */
export function verifyCheckpoints(checkpoints, domain, block) {
  for (const checkpoint of checkpoints) {
    verifyDomain(checkpoint, domain);
    verifyDescent(checkpoint, block);
  }
}

/** It is of the ledger of this domain. */
export function verifyDomain(checkpoint, domain) {
  compare("a checkpoint's domain", toHex(domain), checkpoint.domain);
}

/** It is of this block, or its headers lead down from its own to this one's child. */
export function verifyDescent(checkpoint, block) {
  const { hash, number } = checkpoint.headers ? descend(checkpoint.headers, block) : block;
  compare("a checkpoint's block hash", hash, checkpoint.block_hash);
  compare("a checkpoint's block number", `${number}`, `${checkpoint.block_number}`);
}

// The block of the first header, if they lead down to this block's child.
function descend(headers, block) {
  const chain = headers.map((raw) => {
    const bytes = fromHex(raw);
    return { ...parseHeader(bytes), hash: toHex(keccak(bytes)) };
  });
  [...chain, block].reduce((child, parent) => {
    compare("a header's parent", toHex(child.parentHash), parent.hash);
    compare("a header's number", `${child.number - 1n}`, `${parent.number}`);
    return parent;
  });
  return chain[0];
}

/** Part of step 4: whoever signed this very block saw the ledger head that it has. */
export function verifySignedHeads(checkpoints, ledgerHead) {
  for (const { headers, ledger_head: signed } of checkpoints) {
    if (!headers) compare("the ledger head of a checkpoint", ledgerHead, signed);
  }
}
