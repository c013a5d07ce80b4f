// Signatures of secp256k1: whose they are, of the one form of the two that contracts take.

import { toHex, toNumber } from "./bytes.js";
import { keccak } from "./hashes.js";
import { recoverPublicKey } from "./node_modules/@noble/secp256k1/index.js";
import { Fault } from "./steps.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n; // SEC 2, 2.4.1

/** The address whose key signed a digest by these 65 bytes r, s, v: s low (EIP-2), v 27 or 28. */
export function recoverSigner(digest, signature) {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)].map(toNumber);
  const v = signature[64];
  if (v !== 27 && v !== 28) throw new Fault("v is another", "27 or 28", `${v}`);
  if (r === 0n || r >= ORDER) throw new Fault("r is not within the curve’s order");
  if (s === 0n || s > ORDER / 2n) throw new Fault("s is zero or high (EIP-2)");
  return addressOf(recoverKey(digest, signature, v - 27));
}

// What is given to it is well formed by now, so that whatever it refuses is nobody's signature.
function recoverKey(digest, signature, parity) {
  const recovered = Uint8Array.of(parity, ...signature.subarray(0, 64));
  try {
    return recoverPublicKey(recovered, digest, { prehash: false, isCompressed: false });
  } catch (error) {
    throw new Fault(`no key can have made it: ${error.message}`);
  }
}

// Of an uncompressed point, which 4 stands before.
const addressOf = (point) => toHex(keccak(point.subarray(1)).subarray(12));
