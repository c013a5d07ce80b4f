// The walk: fourteen numbered steps from the bytes of a bundle to what they prove.

import { Storage, readAccount } from "./account.js";
import { verifyCheckpoints, verifySignedHeads } from "./checkpoints.js";
import { fromHex, numberToHex, toHex, toWord } from "./bytes.js";
import { placesOf, verifyDocuments, verifyFields } from "./documents.js";
import { readForm } from "./form.js";
import { readHeader } from "./header.js";
import { domainOf } from "./heads.js";
import { verifyHoldings } from "./holdings.js";
import { verifyParties } from "./parties.js";
import { verifySealed } from "./sealed.js";
import { Fault, compare, take } from "./steps.js";
import { verifyBirth, verifyHead, verifyHistory, verifyState, verifyWord } from "./subject.js";
import { verifyTree } from "./tree.js";
import { Nodes } from "./trie.js";

const LEDGER_HEAD = 1;

/**
 * What a bundle proves to somebody who trusts a block's hash and a contract's address (lower-case
 * 0x-hex). `onPassed(number, found, subject)` is told of each step, 5 to 10 of each subject in turn.
 * Throws StepFailed.
 */
export function verifyBundle(raw, { blockHash, contract }, onPassed = () => {}) {
  const step = (number, act, tell = () => "") => {
    const found = take(number, act);
    onPassed(number, tell(found));
    return found;
  };
  const bundle = step(1, () => readForm(raw), () => `${raw.length} bytes`);
  const domain = domainOf(bundle.chain_id, fromHex(contract));
  const block = step(2, () => verifyHeader(bundle, blockHash, domain), tellBlock);
  const nodes = new Nodes(bundle.nodes.map(fromHex));
  const account = step(3, () => verifyAccount(bundle, contract, nodes, block), tellAccount);
  const storage = new Storage(nodes, account.storageRoot);
  const ledgerHead = step(4, () => verifyLedgerHead(bundle, storage), (head) => numberToHex(head, 32));
  const proven = verifySubjects(bundle, domain, storage, ledgerHead, onPassed);
  const { holdings: held, tree: isTree } = bundle;
  const holdings = step(11, () => (held ? verifyHoldings(held, proven, storage) : null), tellHoldings);
  const tree = step(12, () => (isTree ? verifyTree(bundle.subject, proven) : null), (found) => (found ? "all parts" : "none asked for"));
  const disclosed = step(13, () => verifyDisclosed(bundle, proven), tellDisclosed);
  step(14, () => verifyRest(nodes), () => `${bundle.nodes.length} nodes, all taken`);
  return {
    chainId: bundle.chain_id,
    contract,
    block,
    codeHash: toHex(account.codeHash),
    ledgerHead: numberToHex(ledgerHead, 32),
    subject: bundle.subject,
    subjects: [...proven.values()],
    holdings,
    tree,
    ...disclosed,
    checkpoints: bundle.checkpoints ?? [],
    manifest: bundle.manifest ?? null,
  };
}

function verifyAccount(bundle, contract, nodes, block) {
  compare("the contract", contract, bundle.contract);
  return { ...readAccount(nodes, block.stateRoot, fromHex(contract)), contract };
}

function verifyHeader({ header, checkpoints = [] }, blockHash, domain) {
  const block = readHeader(fromHex(header), blockHash);
  verifyCheckpoints(checkpoints, domain, block);
  return block;
}

function verifyLedgerHead({ checkpoints = [] }, storage) {
  const head = storage.read(toWord(LEDGER_HEAD));
  if (head === 0n) throw new Fault("the contract has no ledger head", "a hash", "an empty slot");
  verifySignedHeads(checkpoints, numberToHex(head, 32));
  return head;
}

function verifySubjects(bundle, domain, storage, ledgerHead, onPassed) {
  const proven = new Map();
  for (const subject of bundle.subjects) {
    const { id } = subject;
    const step = (number, act, tell) => {
      const found = take(number, act, id);
      onPassed(number, tell(found), id);
      return found;
    };
    const word = step(5, () => verifyWord(id, storage, proven), (it) => `${it.about}, ${it.count} with its birth`);
    const head = step(6, () => verifyHead(id, word, storage), (it) => it);
    const batch = step(7, () => verifyBirth(subject, domain, proven), (it) => (it ? `born with batch ${it.id}` : `${id} is its first entry’s hash`));
    const { history, state } = step(8, () => verifyHistory(subject, word, head, batch), (it) => `${it.history.length} of its own, none missing`);
    step(9, () => verifyState(state, word, (ledgerHead & 1n) === 1n), () => numberToHex(word.raw, 32));
    const approved = step(10, () => verifyParties(id, state, word, storage), () => "as its entries name them");
    proven.set(id, { id, word, head, history, state, approved, birth: subject.birth?.content_hash ?? null });
  }
  return proven;
}

function verifyDisclosed({ documents = [], fields = [], sealed }, proven) {
  const places = documents.length + fields.length + sealed.length > 0 ? placesOf(proven) : new Map();
  return {
    documents: verifyDocuments(documents, places),
    fields: verifyFields(fields, places),
    originals: verifySealed(sealed, places),
  };
}

function verifyRest(nodes) {
  if (nodes.untaken > 0) throw new Fault("nodes are left over", "0", `${nodes.untaken}`);
}

const tellBlock = ({ number, hash }) => `block ${number}, ${hash}`;
const tellAccount = ({ contract, codeHash }) => `${contract}, code ${toHex(codeHash)}`;
const tellHoldings = (held) => (held ? `${held.balance} owned, ${held.assets.length} listed` : "none asked for");

function tellDisclosed({ documents, fields, originals }) {
  if (documents.length + fields.length + originals.length === 0) return "none shown";
  return `${documents.length} commitments, ${fields.length} fields, ${originals.length} documents`;
}
