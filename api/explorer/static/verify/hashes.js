// The two hash functions; all cryptography that is not ours comes in here.

import { sha256 } from "./node_modules/@noble/hashes/sha2.js";
import { keccak_256 as keccak } from "./node_modules/@noble/hashes/sha3.js";

export { keccak, sha256 };
