// Steps 5 to 9 of one subject: word, head, birth, history, state.

import { slotAfter, slotOf } from "./account.js";
import { fromHex, numberToHex, toHex } from "./bytes.js";
import { batchOf, headAfter, idOf } from "./heads.js";
import { KINDS } from "./kinds.js";
import { hashLeaf, rootOfPath } from "./merkle.js";
import { readPayload } from "./payloads.js";
import { beginMember, beginState, fold, wordOf } from "./state.js";
import { Fault, compare } from "./steps.js";
import { readWord, unwrittenWord, withoutApproval } from "./word.js";

/** The batch among the subjects before that an id is an asset of, or null. */
export function findBatch(id, before) {
  const { batch, index } = batchOf(id);
  const found = before.get(batch);
  const isMember = found?.word.about === "batch" && index >= 1 && index <= found.word.size;
  return isMember ? { ...found, index } : null;
}

/** Step 5: what the contract keeps of a subject. */
export function verifyWord(id, storage, before) {
  const word = storage.read(slotOf(fromHex(id), 0));
  if (word !== 0n) return readWord(word);
  const batch = findBatch(id, before);
  if (!batch) throw new Fault("the contract knows no such subject", id, "an empty slot");
  return unwrittenWord(batch.word);
}

/** Step 6: the head that the contract keeps, or the id while there is one entry. */
export function verifyHead(id, word, storage) {
  const head = storage.read(slotAfter(slotOf(fromHex(id), 0)));
  if (word.count > 1) {
    if (head === 0n) {
      throw new Fault(
        "there is no head, but there are more entries than one",
        "a head",
        "an empty slot",
      );
    }
    return numberToHex(head, 32);
  }
  if (head !== 0n) {
    throw new Fault("there is a head, but one entry only", "an empty slot", numberToHex(head, 32));
  }
  return id;
}

/** Step 7: what the subject was born as; the batch that it is of, or null. */
export function verifyBirth({ id, entries, birth }, domain, before) {
  const [first] = entries;
  if (first?.position === 0) {
    if (birth) throw new Fault("only an asset of a batch has a birth record");
    const kind = KINDS.get(first.kind);
    if (!kind?.begins) {
      throw new Fault(
        "a kind that begins no subject",
        "a kind that does",
        kind?.name ?? `${first.kind}`,
      );
    }
    compare("the id", idOf(domain, first, kind.about === "batch"), id);
    return null;
  }
  const batch = findBatch(id, before);
  if (!batch) throw new Fault("neither its first entry is here, nor the batch that it would be of");
  if (birth) verifyBirthRecord(birth, batch);
  return batch;
}

function verifyBirthRecord({ content_hash: contentHash, path }, { index, state }) {
  const leaf = hashLeaf(fromHex(contentHash));
  const root = rootOfPath(leaf, index - 1, Number(state.size), path.map(fromHex));
  compare("the batch's root", state.root, toHex(root));
}

/** Step 8: all entries, in order; gives them read, and what they make of the subject. */
export function verifyHistory({ id, entries, birth }, word, head, batch) {
  const begins = batch ? 1 : 0;
  compare("the number of entries", word.count - begins, entries.length);
  const state = batch
    ? beginMember(batch.word, birth?.content_hash ?? null)
    : beginState(KINDS.get(entries[0].kind).about);
  let rolled = fromHex(id);
  const history = entries.map((entry, at) => {
    compare("a position", at + begins, entry.position);
    if (entry.position > 0) rolled = headAfter(rolled, entry);
    const read = readEntry(entry, state.about);
    fold(state, read);
    return read;
  });
  compare("the head", head, toHex(rolled));
  return { history, state };
}

function readEntry(entry, about) {
  const at = `entry ${entry.position}`;
  const kind = KINDS.get(entry.kind);
  if (!kind) throw new Fault(`${at}: there is no kind ${entry.kind}`);
  compare(`${at}: the class of ${kind.name}`, about, kind.about);
  if (kind.begins !== (entry.position === 0)) {
    throw new Fault(`${at}: ${kind.name} begins a subject, and nothing else`);
  }
  return { ...entry, name: kind.name, fields: readPayload(kind, fromHex(entry.payload)) };
}

/** Step 9: the contract keeps what the entries say; gives the word as it does. */
export function verifyState(state, word, isPaused) {
  compare("the class", state.about, word.about);
  const expected = numberToHex(wordOf(state), 32);
  compare("the word", expected, numberToHex(withoutApproval(word), 32));
  if (state.about === "ledger") {
    compare("whether the ledger is paused", state.isPaused, isPaused);
  }
  return numberToHex(word.raw, 32);
}
