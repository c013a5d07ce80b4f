// Step 10: the slots behind an asset's flags hold what its entries say.

import { slotOf } from "./account.js";
import { fromHex, numberToHex, toWord } from "./bytes.js";
import { PARTIES } from "./kinds.js";
import { Fault, compare } from "./steps.js";

const [HELD, APPROVED, OFFERED, PARENT] = [4, 6, 10, 11];

/** Whom the contract names as an asset's parties; gives the account that is approved, or null. */
export function verifyParties(id, state, word, storage) {
  if (state.about !== "asset") return null;
  const of = fromHex(id);
  const inner = (party, place) =>
    storage.read(slotOf(toWord(PARTIES.indexOf(party)), slotOf(of, place)));
  for (const party of PARTIES.filter((each) => each in state.parties)) {
    compare(
      party,
      numberToHex(BigInt(state.parties[party]), 32),
      numberToHex(inner(party, HELD), 32),
    );
  }
  for (const party of PARTIES.filter((each) => each in state.offers)) {
    const { to, expires } = state.offers[party];
    const offer = BigInt(to) | (expires << 160n);
    compare(
      `the offer of ${party}`,
      numberToHex(offer, 32),
      numberToHex(inner(party, OFFERED), 32),
    );
  }
  if (state.parent !== null) {
    compare("the parent", state.parent, numberToHex(storage.read(slotOf(of, PARENT)), 32));
  }
  return word.isApproved ? readApproved(storage.read(slotOf(of, APPROVED))) : null;
}

function readApproved(value) {
  if (value === 0n || value >> 160n) {
    throw new Fault("the approved account is no address", "an address", numberToHex(value, 32));
  }
  return numberToHex(value, 20);
}
