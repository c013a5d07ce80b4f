// What a bundle does not prove, though it verifies: nobody must read it into one.

/** A sentence each. */
export function tellUnproven(found) {
  const { block, codeHash, isCodeKnown, subjects, holdings, manifest, checkpoints, vouched } = found;
  const sentences = [
    `That block ${block.number} is part of the chain: ${vouched ? tellVouched(vouched) : "its hash was taken on trust"}.`,
    "That nothing happened after that block.",
    ...(isCodeKnown
      ? []
      : [
          `That the contract does what it should: compare its code, of hash ${codeHash}, with the published source.`,
        ]),
    "Which account sent a subject’s first entry, and in which transactions entries were sent.",
    ...(checkpoints.length > 0 && !vouched
      ? ["Who signed the checkpoints in it: name witnesses that you trust, and it is looked at."]
      : []),
    ...(manifest ? ["That the code was made by compiler and source as the manifest says."] : []),
    ...subjects.flatMap(ofSubject),
    ...(holdings ? ["How the assets that the organisation owns came to be its."] : []),
    ...(holdings && !holdings.areAll
      ? ["Which the other assets are that the organisation owns."]
      : []),
    "That this page is honest: its code came from the service that you check.",
  ];
  return [...new Set(sentences)];
}

/** How a block is known that witnesses vouch for. */
export function tellVouched({ of, witnesses, block }) {
  const told = `it was taken from a checkpoint of block ${of}, which`;
  const names = witnesses.join(", ");
  if (block === null) return `${told} ${names} signed`;
  return `${told} stands in the log of another chain in the name of ${names}, as of its block ${block.number}`;
}

const DOCUMENTS =
  "What documents say, and that it is true: their content hashes are bound, no more.";
const OTHERS = "Who the organisations are that are not among the subjects.";
const LAPSING = "That what expires has not: times are told, and compared with none.";

function ofSubject({ state, word, birth, history }) {
  switch (word.about) {
    case "asset": {
      const isUnknown = !birth && history[0]?.position !== 0;
      return [
        DOCUMENTS,
        OTHERS,
        LAPSING,
        ...(isUnknown
          ? ["What an asset of a batch was born as: the bundle does not hold it."]
          : []),
      ];
    }
    case "batch":
      return [
        DOCUMENTS,
        OTHERS,
        "What became of a batch’s assets, but for those among the subjects.",
      ];
    case "organisation":
      return [`That whoever controls ${state.did} is this organisation.`, LAPSING];
    case "ledger":
      return ["Who governs: the authority is a contract of its own."];
    default:
      return [DOCUMENTS, OTHERS];
  }
}
