// Runs the browser's verifier under Node: a bundle a line in, its verdict a line out.

import { createInterface } from "node:readline";

import { verifyCode } from "../../api/explorer/static/verify/code.js";
import { readCheckpoint } from "../../api/explorer/static/verify/form.js";
import { Fault, StepFailed } from "../../api/explorer/static/verify/steps.js";
import { verifyBundle } from "../../api/explorer/static/verify/verify.js";

const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "base64"));

function verdict({ bundle, artifact, ...trust }) {
  try {
    const found = verifyBundle(bytesOf(bundle), trustOf(trust));
    if (artifact !== undefined) verifyCode(found, bytesOf(artifact));
    return found.vouched ? vouched(found.vouched) : proven(found);
  } catch (error) {
    if (!(error instanceof Fault || error instanceof StepFailed)) return { crashed: error.stack };
    const { number, code = "wrong_code", cause, subject, message, reason = message } = error;
    const told = { ...(subject ? { subject } : {}), ...(cause ? { cause } : {}) };
    return { verified: false, step: number, code, ...told, reason };
  }
}

function trustOf({ contract, block_hash: blockHash, witnesses: trusted, threshold, ...other }) {
  const { anchor_log: log, anchor_hash: anchorHash, checkpoint } = other;
  return {
    checkpoint: checkpoint && readCheckpoint(new TextEncoder().encode(JSON.stringify(checkpoint))),
    contract,
    blockHash,
    witnesses: trusted && { trusted, threshold },
    otherChain: log && { log, blockHash: anchorHash },
  };
}

function vouched({ witnesses, of, block }) {
  const at = block && `#${block.number}#`;
  return { verified: true, witnesses, checkpoint: of, anchor_block: at };
}

function proven(found) {
  const { holdings: held, tree } = found;
  return {
    verified: true,
    chain_id: found.chainId,
    block: `#${found.block.number}#`,
    code_hash: found.codeHash,
    ledger_head: found.ledgerHead,
    subject: found.subject,
    subjects: found.subjects.map(subject),
    holdings: held && {
      balance: Number(held.balance),
      listed: held.assets.length,
      are_all: held.areAll,
    },
    tree: tree && assembled(tree),
    documents: found.documents.map(({ hash }) => hash),
    originals: found.originals.map(({ hash }) => hash),
    fields: found.fields.map(({ name, value }) => [name, value]),
  };
}

function subject({ id, word, head, approved }) {
  return { id, class: word.about, count: word.count, head, owner: word.owner, approved };
}

function assembled({ asset, parts }) {
  return [asset, parts.map(assembled)];
}

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.stringify(verdict(JSON.parse(line)));
  // A block's number may be larger than JavaScript's own numbers are exact.
  process.stdout.write(`${told.replace(/"#(\d+)#"/, "$1")}\n`);
}
