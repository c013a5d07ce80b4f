// The walk: fourteen numbered steps from the bytes of a bundle to what they prove.

import { Storage, readAccount } from "./account.js";
import { fromHex, numberToHex, toHex, toWord } from "./bytes.js";
import { verifyCheckpoints, verifySignedHeads } from "./checkpoints.js";
import { placesOf, verifyDocuments, verifyFields } from "./documents.js";
import { readForm } from "./form.js";
import { readHeader } from "./header.js";
import { keccak } from "./hashes.js";
import { domainOf } from "./heads.js";
import { verifyHoldings } from "./holdings.js";
import { verifyParties } from "./parties.js";
import { verifySealed } from "./sealed.js";
import { Fault, compare, take } from "./steps.js";
import { verifyBirth, verifyHead, verifyHistory, verifyState, verifyWord } from "./subject.js";
import { TOLD } from "./told.js";
import { verifyTree } from "./tree.js";
import { Nodes } from "./trie.js";
import { vouchAny } from "./vouching.js";

const LEDGER_HEAD = 1;

/**
 * What a bundle proves to somebody who trusts a contract's address and a block: by its hash
 * `blockHash`, or as `witnesses` (trusted, threshold) vouch for it, whose words are signatures, or
 * stand in the log of `otherChain` (log, blockHash), on the bundle's checkpoints, or on the one of
 * `checkpoint` in their place. All hex is 0x and lower-case.
 * `onPassed(number, told, subject)` hears of each step, 5 to 10 of each subject in turn.
 * Throws StepFailed.
 */
export function verifyBundle(raw, trust, onPassed = () => {}) {
  const { contract } = trust;
  const step = (number, act, subject = null) => {
    const found = take(number, act, subject);
    onPassed(number, TOLD[number](found), subject);
    return found;
  };
  const bundle = step(1, () => readForm(raw));
  const domain = domainOf(bundle.chain_id, fromHex(contract));
  const { vouched, ...block } = step(2, () => verifyHeader(bundle, trust, domain));
  const nodes = new Nodes(bundle.nodes.map(fromHex));
  const account = step(3, () => verifyAccount(bundle, contract, nodes, block));
  const storage = new Storage(nodes, account.storageRoot);
  const head = step(4, () => verifyLedgerHead(bundle, storage));
  const chain = { domain, storage, isPaused: (head & 1n) === 1n };
  const proven = new Map();
  for (const subject of bundle.subjects) {
    proven.set(subject.id, verifySubject(subject, chain, proven, step));
  }
  const { holdings: held, tree: isTree } = bundle;
  const holdings = step(11, () => (held ? verifyHoldings(held, proven, storage) : null));
  const tree = step(12, () => (isTree ? verifyTree(bundle.subject, proven) : null));
  const disclosed = step(13, () => verifyDisclosed(bundle, proven));
  step(14, () => verifyRest(nodes));
  if (vouched) take(4, () => verifySignedHeads([vouched.checkpoint], numberToHex(head, 32)));
  return {
    chainId: bundle.chain_id,
    contract,
    block,
    vouched,
    codeHash: toHex(account.codeHash),
    ledgerHead: numberToHex(head, 32),
    subject: bundle.subject,
    subjects: [...proven.values()],
    holdings,
    tree,
    ...disclosed,
    checkpoints: bundle.checkpoints ?? [],
    manifest: bundle.manifest ?? null,
  };
}

function verifyHeader(bundle, { blockHash, checkpoint, ...trust }, domain) {
  const raw = fromHex(bundle.header);
  const words = checkpoint ? [checkpoint] : (bundle.checkpoints ?? []);
  const vouched = trust.witnesses ? vouchAny(raw, words, trust, domain) : null;
  const block = readHeader(raw, vouched && !blockHash ? toHex(keccak(raw)) : blockHash);
  verifyCheckpoints(bundle.checkpoints ?? [], domain, block);
  return { ...block, vouched };
}

function verifyAccount(bundle, contract, nodes, block) {
  compare("the contract", contract, bundle.contract);
  return { ...readAccount(nodes, block.stateRoot, fromHex(contract)), contract };
}

function verifyLedgerHead({ checkpoints = [] }, storage) {
  const head = storage.read(toWord(LEDGER_HEAD));
  if (head === 0n) throw new Fault("the contract has no ledger head", "a hash", "an empty slot");
  verifySignedHeads(checkpoints, numberToHex(head, 32));
  return head;
}

/** Steps 5 to 10; `before` are the subjects that were proven before. */
function verifySubject(subject, { domain, storage, isPaused }, before, step) {
  const { id } = subject;
  const word = step(5, () => verifyWord(id, storage, before), id);
  const head = step(6, () => verifyHead(id, word, storage), id);
  const batch = step(7, () => verifyBirth(subject, domain, before), id);
  const { history, state } = step(8, () => verifyHistory(subject, word, head, batch), id);
  step(9, () => verifyState(state, word, isPaused), id);
  const approved = step(10, () => verifyParties(id, state, word, storage), id);
  const birth = subject.birth?.content_hash ?? null;
  return { id, word, head, history, state, approved, birth };
}

function verifyDisclosed({ documents = [], fields = [], sealed }, proven) {
  const isAny = documents.length + fields.length + sealed.length > 0;
  const places = isAny ? placesOf(proven) : new Map();
  return {
    documents: verifyDocuments(documents, places),
    fields: verifyFields(fields, places),
    originals: verifySealed(sealed, places),
  };
}

function verifyRest(nodes) {
  if (nodes.untaken > 0) throw new Fault("nodes are left over", "0", `${nodes.untaken}`);
  return nodes.taken;
}
