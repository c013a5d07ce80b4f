// Step 2: the header of the block that the auditor trusts.

import { toHex } from "./bytes.js";
import { keccak } from "./hashes.js";
import { RlpList, decodeRlp, decodeRlpNumber } from "./rlp.js";
import { Fault, compare } from "./steps.js";

const [PARENT, STATE_ROOT, NUMBER, TIME] = [0, 3, 8, 11];

/** The block of a header that has the trusted hash; its time is in seconds since 1970. */
export function readHeader(raw, trusted) {
  compare("the block's hash", trusted, toHex(keccak(raw)));
  return { ...parseHeader(raw), hash: trusted };
}

/** What a header says, whoever wrote it. */
export function parseHeader(raw) {
  const header = decodeRlp(raw);
  if (!(header instanceof RlpList)) throw new Fault("the header is no list");
  const { items } = header;
  if (items.length < 16) {
    throw new Fault("the header is too short", "16 or more", `${items.length}`);
  }
  if (items.some((item) => item instanceof RlpList)) throw new Fault("the header holds a list");
  if (items[PARENT].length !== 32) throw new Fault("the parent is no hash");
  if (items[STATE_ROOT].length !== 32) throw new Fault("the state root is no hash");
  return {
    parentHash: items[PARENT],
    stateRoot: items[STATE_ROOT],
    number: decodeRlpNumber(items[NUMBER], 8, "the block's number"),
    timestamp: decodeRlpNumber(items[TIME], 8, "the block's time"),
  };
}
