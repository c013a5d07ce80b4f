// What is said of each step that holds, by its number.

import { numberToHex, toHex } from "./bytes.js";

const many = (holdings) => `${holdings.balance} owned, ${holdings.assets.length} listed`;

export const TOLD = {
  1: () => "canonical, every byte of it",
  2: ({ number, hash }) => `block ${number}, ${hash}`,
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
  14: (nodes) => `${nodes} nodes, all taken`,
};

function tellDisclosed({ documents, fields, originals }) {
  const shown = [
    [documents.length, "commitments"],
    [fields.length, "fields"],
    [originals.length, "documents"],
  ].filter(([count]) => count > 0);
  return shown.map(([count, what]) => `${count} ${what}`).join(", ") || "none shown";
}
