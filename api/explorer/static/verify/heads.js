// Ids and heads: what a subject's entries hash to.

import { fromHex, join, padLeft, toHex, toNumber, toWord } from "./bytes.js";
import { keccak } from "./hashes.js";

const ascii = new TextEncoder();

/** The hash of a text of ASCII. */
export const hashText = (text) => keccak(ascii.encode(text));

const DOMAIN_TYPE =
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/** What binds ids to a chain and a contract (EIP-712). */
export function domainOf(chainId, contract) {
  return keccak(
    join(
      hashText(DOMAIN_TYPE),
      hashText("AssetLedger"),
      hashText("1"),
      toWord(chainId),
      padLeft(contract),
    ),
  );
}

/** The id of the subject that begins with this entry; a batch's ends in three zero bytes. */
export function idOf(domain, { kind, org, payload }, isBatch) {
  const id = keccak(join(domain, toWord(kind), fromHex(org), keccak(fromHex(payload))));
  if (isBatch) id.fill(0, 29);
  return toHex(id);
}

/** The head behind this entry. */
export function headAfter(head, { position, kind, org, actor, timestamp, payload }) {
  return keccak(
    join(
      head,
      toWord(position),
      toWord(kind),
      fromHex(org),
      padLeft(fromHex(actor)),
      toWord(timestamp),
      keccak(fromHex(payload)),
    ),
  );
}

/** The address that holds an organisation's titles. */
export function addressOf(org) {
  return `0x${org.slice(26)}`;
}

/** The batch that an asset's id would be of, and its place there; place 0 is the batch itself. */
export function batchOf(id) {
  return {
    batch: `${id.slice(0, 60)}000000`,
    index: Number(toNumber(fromHex(`0x${id.slice(60)}`))),
  };
}
