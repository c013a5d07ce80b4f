// Step 11: what an organisation owns, by the contract's own count.

import { slotOf } from "./account.js";
import { fromHex, padLeft } from "./bytes.js";
import { addressOf, batchOf } from "./heads.js";
import { Fault, compare } from "./steps.js";
import { readWord, unwrittenWord } from "./word.js";

const BALANCES = 5;

/** How many assets an organisation owns, and that those listed are among them. */
export function verifyHoldings({ organisation, assets }, proven, storage) {
  const about = proven.get(organisation)?.word.about ?? "none of the subjects";
  compare("whose holdings they are", "organisation", about);
  const owner = addressOf(organisation);
  const balance = storage.read(slotOf(padLeft(fromHex(owner)), BALANCES));
  for (const asset of assets) {
    const word = readAsset(asset, storage);
    compare(`the class of ${asset}`, "asset", word.about);
    compare(`the owner of ${asset}`, owner, word.owner);
  }
  if (BigInt(assets.length) > balance) {
    throw new Fault("more assets than the balance", `${balance}`, `${assets.length}`);
  }
  return { organisation, assets, balance, areAll: BigInt(assets.length) === balance };
}

function readAsset(id, storage) {
  const word = storage.read(slotOf(fromHex(id), 0));
  if (word !== 0n) return readWord(word);
  const { batch, index } = batchOf(id);
  const above = storage.read(slotOf(fromHex(batch), 0));
  const read = above === 0n ? null : readWord(above);
  if (read?.about !== "batch" || index < 1 || index > read.size) {
    throw new Fault("the contract knows no such asset", id, "an empty slot");
  }
  return unwrittenWord(read);
}
