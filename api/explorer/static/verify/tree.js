// Step 12: an asset and all its parts, each proven, each mounted where its parent says.

import { Fault, compare } from "./steps.js";

/** The tree below the subject: each asset with its parts. */
export function verifyTree(subject, proven) {
  compare("the class of what the tree is of", "asset", proven.get(subject).word.about);
  return assemble(subject, proven, new Set());
}

function assemble(asset, proven, seen) {
  if (seen.has(asset)) throw new Fault("an asset is a part of itself", "a tree", asset);
  seen.add(asset);
  const parts = [...proven.get(asset).state.parts];
  return { asset, parts: parts.map((part) => assemblePart(part, asset, proven, seen)) };
}

function assemblePart(part, parent, proven, seen) {
  const found = proven.get(part);
  if (!found) throw new Fault("a part is not among the subjects", part, "nothing");
  compare(`what ${part} is mounted on`, parent, found.state.parent);
  return assemble(part, proven, seen);
}
