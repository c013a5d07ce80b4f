// Whether a contract's code is what its source compiles to, as a compiled artifact tells.

import { fromHex, toHex } from "./bytes.js";
import { keccak } from "./hashes.js";
import { domainOf } from "./heads.js";
import { hex, integer, list, object, only } from "./shape.js";
import { Fault } from "./steps.js";

const WORD = 32;
const CODE = hex();
const PLACES = list(object({ start: integer(0, 2 ** 24), length: only(WORD) }));
const REFERENCES = object({ 0: PLACES, 1: PLACES });

/**
 * The proven code hash is that of an artifact's code for this very ledger: the code holds the id of
 * its founding and its domain, which the bundle proves if the ledger is among its subjects.
 * Throws Fault.
 */
export function verifyCode({ chainId, contract, codeHash, subjects }, raw) {
  const founding = subjects.find(({ word }) => word.about === "ledger")?.id;
  if (founding === undefined) {
    throw new Fault(
      "the bundle does not prove the ledger itself, which its code names: prove it --with ledger",
    );
  }
  const constants = [fromHex(founding), domainOf(chainId, fromHex(contract))];
  const expected = toHex(keccak(filled(readArtifact(raw), constants)));
  if (expected !== codeHash) {
    throw new Fault("the contract’s code is not the artifact’s", expected, codeHash);
  }
}

function readArtifact(raw) {
  const { deployedBytecode: code, immutableReferences: places } = parse(raw) ?? {};
  const wrong = CODE(code) ?? REFERENCES(places);
  if (wrong) throw new Fault("the file is no compiled contract of a ledger");
  return { code: fromHex(code), places };
}

function parse(raw) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch {
    throw new Fault("the file of the compiled contract is no JSON");
  }
}

// The runtime code with its constants filled in, numbered as they first stand in it.
function filled({ code, places }, constants) {
  constants.forEach((constant, number) => {
    for (const { start } of places[number]) {
      if (start + WORD > code.length) throw new Fault("a constant stands behind the code");
      code.set(constant, start);
    }
  });
  return code;
}
