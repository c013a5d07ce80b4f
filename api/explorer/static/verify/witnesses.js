// Whom a checkpoint was signed by, and whether that is enough for somebody who trusts some.

import { fromHex, join, toWord } from "./bytes.js";
import { keccak } from "./hashes.js";
import { hashText } from "./heads.js";
import { recoverSigner } from "./signatures.js";
import { NotVouched, blaming } from "./steps.js";

const SEPARATOR = keccak(
  join(
    hashText("EIP712Domain(string name,string version)"),
    hashText("AssetLedgerCheckpoint"),
    hashText("1"),
  ),
);
const TYPE = hashText(
  "Checkpoint(bytes32 domain,uint64 blockNumber,bytes32 blockHash,bytes32 ledgerHead)",
);

/** What a witness signs of a checkpoint (EIP-712), and what a log keeps of it. */
export function digestOf({ domain, block_number: number, block_hash: hash, ledger_head: head }) {
  const told = keccak(join(TYPE, fromHex(domain), toWord(number), fromHex(hash), fromHex(head)));
  return keccak(join(Uint8Array.of(0x19, 0x01), SEPARATOR, told));
}

/** So many of these can vouch at all; otherwise nobody's word would do, or everybody's would not. */
export function verifyThreshold({ trusted, threshold }) {
  const most = new Set(trusted).size;
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > most) {
    throw new RangeError(`a threshold is from 1 to the ${most} witnesses named, not ${threshold}`);
  }
}

/** Those of the trusted who signed a checkpoint, if they are enough; all signatures are looked at. */
export function verifySignatures(checkpoint, { trusted, threshold }) {
  const digest = digestOf(checkpoint);
  const signed = checkpoint.signatures.map((signature, at) =>
    blaming("bad_signature", () => recoverSigner(digest, fromHex(signature)), `signatures[${at}]`),
  );
  return countWitnesses(signed, trusted, threshold);
}

/** The trusted ones of those whose word is there, each counted once, if they are enough. */
export function countWitnesses(signed, trusted, threshold) {
  const all = [...new Set(signed)];
  const counted = all.filter((one) => trusted.includes(one));
  if (counted.length >= threshold) return counted;
  const others = all.length - counted.length;
  const isUnknown = others > 0 && counted.length === 0;
  throw new NotVouched(
    isUnknown ? "unknown_witness" : "too_few_witnesses",
    isUnknown
      ? "none of the witnesses that you trust signed, and only others did"
      : "too few of the witnesses that you trust signed",
    `${threshold}`,
    `${counted.length}`,
  );
}
