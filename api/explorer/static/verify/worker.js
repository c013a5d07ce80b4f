// Runs the verifier beside the page, so that the page stays quick however large a bundle is.

import { isArchive, readArchive } from "./archive.js";
import { fromHex } from "./bytes.js";
import { verifyCode } from "./code.js";
import { parseHeader } from "./header.js";
import { Fault, StepFailed } from "./steps.js";
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
      checkpoints = [],
    } = JSON.parse(new TextDecoder().decode(bundle));
    const { number, timestamp } = parseHeader(fromHex(header));
    return {
      chainId,
      contract,
      subjects: subjects.length,
      number,
      timestamp,
      checkpoints: checkpoints.length,
      anchors: checkpoints.filter(({ anchor }) => anchor).length,
    };
  } catch {
    return null;
  }
}

function verify(raw, trusted, artifact, about) {
  const walked = new Map(); // step: of how many subjects
  let said = performance.now();
  const onPassed = (number, told, subject) => {
    walked.set(number, (walked.get(number) ?? 0) + 1);
    if (subject && performance.now() - said < EVERY && walked.get(number) > 1) return;
    said = performance.now();
    postMessage({ about, passed: number, told, many: walked.get(number) });
  };
  try {
    const found = slim(verifyBundle(raw, trusted, onPassed));
    if (artifact) verifyCode(found, artifact);
    return { found: { ...found, isCodeKnown: artifact !== null }, walked };
  } catch (error) {
    return { failed: tellFailure(error), walked };
  }
}

// That of the code is behind all steps, and has no number.
function tellFailure(error) {
  if (error instanceof StepFailed) {
    const { number, name, code, cause, reason, expected, found, subject } = error;
    return { number, name, code, cause, reason, expected, found, subject };
  }
  if (!(error instanceof Fault)) throw error;
  const { message: reason, expected, found } = error;
  return { number: null, name: "the contract’s code", code: "wrong_code", reason, expected, found };
}

// Payloads have been read, and would double what is sent.
function slim(found) {
  for (const { history } of found.subjects) for (const entry of history) delete entry.payload;
  return found;
}

onmessage = ({ data: { raw, trusted, artifact, about, name, of } }) => {
  const bytes = new Uint8Array(raw);
  const code = artifact ? new Uint8Array(artifact) : null;
  if (trusted) postMessage({ about, ...verify(bytes, trusted, code, about) });
  else postMessage({ of, name, size: bytes.length, claims: claimsOf(bytes) });
};
