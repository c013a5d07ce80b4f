// What entries make of a subject: a fold, and the word that the contract must then have.

import { addressOf } from "./heads.js";
import { PARTIES, STAGES } from "./kinds.js";
import { makeWord } from "./word.js";

const NOBODY = `0x${"0".repeat(40)}`;
const [OWNER] = PARTIES;

/** The state of a subject before any entry of its own. */
export function beginState(about) {
  return {
    about,
    owner: NOBODY,
    openedAt: 0,
    count: 0,
    stage: STAGES[0],
    isFrozen: false,
    isClosed: false,
    isSuspended: false,
    isPaused: false,
    size: 0n,
    root: null,
    parent: null,
    did: null,
    successor: null,
    contentHash: null,
    parties: {}, // by name: the address
    offers: {}, // by name: { to, expires }
    parts: new Set(),
    accounts: new Set(),
  };
}

/** The state of an asset of a batch before any entry of its own. */
export function beginMember(batch, contentHash) {
  const { owner, openedAt } = batch;
  return { ...beginState("asset"), owner, openedAt, count: 1, contentHash };
}

/** Let an entry, its payload read, change the state. */
export function fold(state, entry) {
  state.count += 1;
  if (entry.position === 0) state.openedAt = entry.timestamp;
  EFFECTS[entry.name]?.(state, entry.fields, entry);
}

const pass = (state, owner) => {
  state.owner = owner;
  state.offers = {};
};

const EFFECTS = {
  enrolled: (state, { did }) => (state.did = did),
  suspended: (state) => (state.isSuspended = true),
  reinstated: (state) => (state.isSuspended = false),
  account_added: (state, { account }) => state.accounts.add(account),
  account_removed: (state, { account }) => state.accounts.delete(account),
  schema_published: (state, { content_hash: hash }, { org }) => begin(state, org, hash),
  world_opened: (state, { content_hash: hash }, { org }) => begin(state, org, hash),
  world_closed: (state) => (state.isClosed = true),
  registered: (state, { owner, content_hash: hash }) => begin(state, owner, hash),
  batch_registered: (state, { owner, root, size, content_hash: hash }) => {
    begin(state, owner, hash);
    Object.assign(state, { root, size });
  },
  revised: (state, { content_hash: hash }) => (state.contentHash = hash),
  staged: (state, { stage }) => (state.stage = stage),
  transferred: (state, { to }) => pass(state, addressOf(to)),
  title_forced: (state, { to }) => pass(state, addressOf(to)),
  offered: (state, { party, to, expires }) =>
    (state.offers[party] = { to: addressOf(to), expires }),
  withdrawn: (state, { party }) => delete state.offers[party],
  accepted: (state, { party }, { org }) => {
    if (party === OWNER) pass(state, addressOf(org));
    else {
      state.parties[party] = addressOf(org);
      delete state.offers[party];
    }
  },
  released: (state, { party }) => {
    delete state.parties[party];
    delete state.offers[party];
  },
  mounted: (state, { parent }) => (state.parent = parent),
  dismounted: (state) => (state.parent = null),
  part_added: (state, { part }) => state.parts.add(part),
  part_removed: (state, { part }) => state.parts.delete(part),
  frozen: (state) => (state.isFrozen = true),
  unfrozen: (state) => (state.isFrozen = false),
  paused: (state) => (state.isPaused = true),
  resumed: (state) => (state.isPaused = false),
  successor_named: (state, { successor }) => (state.successor = successor),
};

function begin(state, owner, contentHash) {
  Object.assign(state, { owner: addressOf(owner), contentHash });
}

/** The word that a contract has of this state, but for an approval, which no entry tells. */
export function wordOf(state) {
  return makeWord({ ...state, flags: FLAGS[state.about](state) });
}

const flag = (isSet, bit) => (isSet ? 1n << BigInt(bit - 232) : 0n);
const none = () => 0n;

const FLAGS = {
  asset: (state) =>
    PARTIES.reduce(
      (flags, party, p) =>
        flags |
        flag(p > 0 && party in state.parties, 236 + p) |
        flag(party in state.offers, 240 + p),
      flag(state.isFrozen, 232) |
        (BigInt(STAGES.indexOf(state.stage)) << 2n) |
        flag(state.parent !== null, 244),
    ),
  batch: ({ size }) => size,
  schema: none,
  world: ({ isClosed }) => flag(isClosed, 232),
  organisation: ({ accounts, isSuspended }) => BigInt(accounts.size) | flag(isSuspended, 248),
  ledger: none,
};
