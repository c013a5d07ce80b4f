// Runs the verifier beside the page, so that the page stays quick however large a bundle is.

import { isArchive, readArchive } from "./archive.js";
import { fromHex } from "./bytes.js";
import { parseHeader } from "./header.js";
import { StepFailed } from "./steps.js";
import { verifyBundle } from "./verify.js";

const EVERY = 40; // milliseconds between two words on one step

/** What a bundle says of itself, of which nothing is proven; null if it is none. */
function claimsOf(raw) {
  try {
    const bundle = isArchive(raw) ? readArchive(raw).get("bundle.json") : raw;
    const {
      chain_id: chainId,
      contract,
      subjects,
      header,
    } = JSON.parse(new TextDecoder().decode(bundle));
    const { number, timestamp } = parseHeader(fromHex(header));
    return { chainId, contract, subjects: subjects.length, number, timestamp };
  } catch {
    return null;
  }
}

function verify(raw, trusted, about) {
  const walked = new Map(); // step: of how many subjects
  let said = performance.now();
  const onPassed = (number, told, subject) => {
    walked.set(number, (walked.get(number) ?? 0) + 1);
    if (subject && performance.now() - said < EVERY && walked.get(number) > 1) return;
    said = performance.now();
    postMessage({ about, passed: number, told, many: walked.get(number) });
  };
  try {
    return { found: slim(verifyBundle(raw, trusted, onPassed)), walked };
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { number, name, code, reason, expected, found, subject } = error;
    return { failed: { number, name, code, reason, expected, found, subject }, walked };
  }
}

// Payloads have been read, and would double what is sent.
function slim(found) {
  for (const { history } of found.subjects) for (const entry of history) delete entry.payload;
  return found;
}

onmessage = ({ data: { raw, trusted, about, name, of } }) => {
  const bytes = new Uint8Array(raw);
  if (trusted) postMessage({ about, ...verify(bytes, trusted, about) });
  else postMessage({ of, name, size: bytes.length, claims: claimsOf(bytes) });
};
