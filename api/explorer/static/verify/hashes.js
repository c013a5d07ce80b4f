// The hash functions; all cryptography that is not ours comes in here.

import { hmac as keyed } from "./node_modules/@noble/hashes/hmac.js";
import { sha256 } from "./node_modules/@noble/hashes/sha2.js";
import { keccak_256 as keccak } from "./node_modules/@noble/hashes/sha3.js";

export { keccak, sha256 };

/** HMAC-SHA256 (RFC 2104). */
export const hmac = (key, message) => keyed(sha256, key, message);
