// What is said of each step that holds, by its number.

import { numberToHex, toHex } from "./bytes.js";
import { tellMany } from "./words.js";

const many = (holdings) => `${holdings.balance} owned, ${holdings.assets.length} listed`;

export const TOLD = {
  1: () => "canonical, every byte of it",
  2: tellBlock,
  3: ({ contract, codeHash }) => `${contract}, code ${toHex(codeHash)}`,
  4: (head) => numberToHex(head, 32),
  5: ({ about, count }) => `${about}, ${count} with its birth`,
  6: (head) => head,
  7: (batch) => (batch ? `born with batch ${batch.id}` : "its id is its first entry’s hash"),
  8: ({ history }) => `${history.length} of its own, none missing`,
  9: (word) => word,
  10: () => "as its entries name them",
  11: (holdings) => (holdings ? many(holdings) : "none asked for"),
  12: (tree) => (tree ? "all parts, each where it says" : "none asked for"),
  13: tellDisclosed,
  14: (nodes) => `${tellMany(nodes, "node", "nodes")}, all taken`,
};

function tellBlock({ number, hash, vouched }) {
  const by = vouched ? `, by ${tellMany(vouched.witnesses.length, "witness", "witnesses")}` : "";
  return `block ${number}${by}, ${hash}`;
}

function tellDisclosed({ documents, fields, originals }) {
  const shown = [
    [documents.length, "commitment", "commitments"],
    [fields.length, "field", "fields"],
    [originals.length, "document", "documents"],
  ].filter(([count]) => count > 0);
  return shown.map((each) => tellMany(...each)).join(", ") || "none shown";
}
