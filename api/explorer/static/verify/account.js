// Step 3: the contract's account, and the storage below it.

import { join, toNumber, toWord } from "./bytes.js";
import { keccak } from "./hashes.js";
import { RlpList, decodeRlp, decodeRlpNumber, decodeRlpString } from "./rlp.js";
import { Fault } from "./steps.js";
import { readTrie } from "./trie.js";

/** The storage root and code hash that the state trie holds for an address. */
export function readAccount(nodes, stateRoot, address) {
  const value = readTrie(nodes, stateRoot, address);
  if (value === null) throw new Fault("there is no such account");
  const account = decodeRlp(value);
  if (!(account instanceof RlpList) || account.items.length !== 4) {
    throw new Fault("an account is a list of four");
  }
  const [nonce, balance, storageRoot, codeHash] = account.items;
  decodeRlpNumber(nonce, 8, "the nonce");
  decodeRlpNumber(balance, 32, "the balance");
  if ([storageRoot, codeHash].some((hash) => hash instanceof RlpList || hash.length !== 32)) {
    throw new Fault("an account's root and code are hashes");
  }
  return { storageRoot, codeHash };
}

/** The contract's storage: slots are 32 bytes, and what they hold are numbers. */
export class Storage {
  #nodes;
  #root;

  constructor(nodes, root) {
    this.#nodes = nodes;
    this.#root = root;
  }

  /** What a slot holds; 0n if nothing. */
  read(slot) {
    const value = readTrie(this.#nodes, this.#root, slot);
    if (value === null) return 0n;
    const bytes = decodeRlpString(value);
    if (bytes.length === 0) throw new Fault("a slot holds zero");
    return decodeRlpNumber(bytes, 32, "a slot");
  }
}

/** The slot of a key of the mapping that is in slot `place` (32 bytes, or a number). */
export function slotOf(key, place) {
  return keccak(join(key, typeof place === "number" ? toWord(place) : place));
}

/** The slot behind a slot. */
export function slotAfter(slot) {
  return toWord(BigInt.asUintN(256, toNumber(slot) + 1n));
}
