// Runs the browser's verifier under Node: a bundle a line in, its verdict a line out.

import { createInterface } from "node:readline";

import { StepFailed } from "../../api/explorer/static/verify/steps.js";
import { verifyBundle } from "../../api/explorer/static/verify/verify.js";

function verdict({ bundle, block_hash: blockHash, contract }) {
  try {
    return proven(
      verifyBundle(Uint8Array.from(Buffer.from(bundle, "base64")), { blockHash, contract }),
    );
  } catch (error) {
    if (!(error instanceof StepFailed)) return { crashed: error.stack };
    const { number, code, subject, reason } = error;
    return { verified: false, step: number, code, ...(subject ? { subject } : {}), reason };
  }
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
