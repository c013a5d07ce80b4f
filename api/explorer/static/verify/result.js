// What a verified bundle proves, laid out; lists grow when they are asked to.

import { make } from "./dom.js";
import { SHOWN_AT_ONCE } from "./limits.js";
import { tellUnproven } from "./unproven.js";
import { capitalise, shorten, tellMany, tellName, tellNumber, tellTime } from "./words.js";

const code = (text) => make("code", { title: text }, shorten(text));
const whole = (text) => make("code.whole", {}, text);
const isHash = (value) => typeof value === "string" && /^0x[0-9a-f]{40,64}$/.test(value);

/** The result's sections. */
export function layOut(found) {
  const main = found.subjects.find(({ id }) => id === found.subject);
  const others = found.subjects.filter((each) => each !== main);
  return [
    ...subjectSections(main, found.block),
    ...(others.length > 0 ? [relatedSection(others, found.block)] : []),
    ...(found.holdings ? [holdingsSection(found.holdings)] : []),
    ...(found.tree ? [treeSection(found.tree)] : []),
    ...(found.fields.length > 0 ? [fieldsSection(found.fields)] : []),
    ...(found.originals.length > 0 ? [originalsSection(found.originals)] : []),
    ...(found.documents.length > 0 ? [documentsSection(found.documents)] : []),
    ...(found.manifest ? [manifestSection(found.manifest)] : []),
    section(
      "Not proven",
      make("ul.unproven", {}, ...tellUnproven(found).map((one) => make("li", {}, one))),
    ),
  ];
}

function section(heading, ...children) {
  return make("section.proven", {}, make("h2", {}, heading), ...children);
}

function subjectSections(subject, block) {
  const { about } = subject.word;
  const own = subject.history.length;
  const heading = make("h2", {}, "Its complete history ", make("span.count", {}, tellNumber(own)));
  const none = make("p.quiet", {}, "Nothing was written to it: it is as its batch registered it.");
  return [
    section(
      `${capitalise(about)} as of block ${tellNumber(block.number)}`,
      make("p.id", {}, whole(subject.id)),
      facts(subject),
    ),
    make(
      "section.proven",
      {},
      heading,
      own > 0 ? growing("ol.history", subject.history, entryLine) : none,
    ),
  ];
}

function facts({ word, state, head, approved, birth }) {
  const told = [
    ["Owner", BigInt(word.owner) > 0n ? code(word.owner) : null],
    ["Entries", `${tellNumber(word.count)}, its birth among them`],
    ["Opened", tellTime(word.openedAt)],
    ["Stage", word.about === "asset" ? capitalise(tellName(state.stage)) : null],
    ["Frozen", word.about === "asset" ? yesOrNo(state.isFrozen) : null],
    ...Object.entries(state.parties).map(([party, who]) => [
      capitalise(tellName(party)),
      code(who),
    ]),
    ...Object.entries(state.offers).map(([party, offer]) => [
      `Offered as ${tellName(party)}`,
      offerText(offer),
    ]),
    ["Part of", state.parent ? code(state.parent) : null],
    ["Parts", state.parts.size > 0 ? tellNumber(state.parts.size) : null],
    ["Approved", approved ? code(approved) : null],
    ["DID", state.did],
    ["Accounts", word.about === "organisation" ? tellNumber(state.accounts.size) : null],
    ["Suspended", word.about === "organisation" ? yesOrNo(state.isSuspended) : null],
    ["Closed", word.about === "world" ? yesOrNo(state.isClosed) : null],
    ["Paused", word.about === "ledger" ? yesOrNo(state.isPaused) : null],
    ["Size", word.about === "batch" ? tellNumber(word.size) : null],
    ["Born as", birth ? code(birth) : null],
    ["Content hash", state.contentHash ? code(state.contentHash) : null],
    ["Head", code(head)],
  ];
  return pairs(
    "dl.facts",
    told.filter(([, value]) => value !== null),
  );
}

const yesOrNo = (value) => (value ? "Yes" : "No");

function offerText({ to, expires }) {
  const until = expires === 0n ? "" : `, until ${tellTime(expires)}`;
  return make("span", {}, code(to), until);
}

function pairs(what, told) {
  return make(
    what,
    {},
    ...told.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}

function entryLine({ position, name, org, actor, timestamp, fields }) {
  const by =
    BigInt(org) > 0n ? make("span", {}, "by ", code(org)) : make("span", {}, "by governance");
  const sent = actor ? make("span", {}, "sent by ", code(actor)) : null;
  return make(
    "li",
    { value: position },
    make("h3", {}, capitalise(tellName(name))),
    make("p.meta", {}, make("span", {}, tellTime(timestamp)), by, sent),
    pairs(
      "dl.words",
      Object.entries(fields).map(([field, value]) => [tellName(field), wordOf(field, value)]),
    ),
  );
}

function wordOf(field, value) {
  if (Array.isArray(value)) return make("span", {}, ...value.flatMap((one) => [code(one), " "]));
  if (isHash(value)) return BigInt(value) === 0n ? "none" : code(value);
  if (field === "expires") return value === 0n ? "never" : tellTime(value);
  return typeof value === "bigint" ? `${value}` : tellName(value);
}

/** A list that shows some of its items, and more when asked. */
function growing(what, items, draw) {
  const list = make(what);
  const more = make("button.more", { type: "button" });
  let shown = 0;
  const grow = () => {
    const next = items.slice(shown, shown + SHOWN_AT_ONCE);
    const added = next.map(draw);
    list.append(...added);
    shown += next.length;
    const left = items.length - shown;
    more.textContent = `Show ${tellNumber(Math.min(left, SHOWN_AT_ONCE))} more of ${tellNumber(left)}`;
    more.hidden = left === 0;
    return added[0];
  };
  grow();
  more.addEventListener("click", () => {
    const first = grow();
    first.setAttribute("tabindex", "-1");
    first.focus();
  });
  return make("div", {}, list, more);
}

function relatedSection(others, block) {
  const draw = (subject) => {
    const { about } = subject.word;
    const told = `${capitalise(about)}, ${tellMany(subject.word.count, "entry", "entries")}`;
    const details = make("details", {}, make("summary", {}, `${told}, `, code(subject.id)));
    details.addEventListener("toggle", () => details.append(...subjectSections(subject, block)), {
      once: true,
    });
    return make("li", {}, details);
  };
  return section(
    `Proven with it: ${tellMany(others.length, "subject", "subjects")}`,
    growing("ul.related", others, draw),
  );
}

function holdingsSection({ organisation, assets, balance, areAll }) {
  const told = make(
    "p",
    {},
    code(organisation),
    ` owns ${tellMany(balance, "asset", "assets")}${areAll ? ", and these are all" : `, of which ${tellNumber(assets.length)} are listed`}.`,
  );
  return section(
    "Holdings",
    told,
    growing("ul.ids", assets, (asset) => make("li", {}, whole(asset))),
  );
}

function treeSection(tree) {
  const lines = [];
  const walk = ({ asset, parts }, depth) => {
    lines.push({ asset, depth });
    parts.forEach((each) => walk(each, depth + 1));
  };
  walk(tree, 0);
  const draw = ({ asset, depth }) => {
    const line = make("li", {}, code(asset));
    line.style.setProperty("--depth", depth);
    return line;
  };
  return section(
    `The whole tree: ${tellMany(lines.length, "asset", "assets")}`,
    growing("ul.tree", lines, draw),
  );
}

function fieldsSection(fields) {
  const told = fields.map(({ name, value }) => [name ?? "serial", JSON.stringify(value)]);
  return section("Fields of documents", pairs("dl.sheet.plain", told));
}

function originalsSection(originals) {
  const draw = ({ hash, document, serial }) => {
    const summary = make("summary", {}, serial === null ? "" : `${serial}, `, code(hash));
    return make(
      "li",
      {},
      make("details", {}, summary, make("pre", {}, JSON.stringify(document, null, 2))),
    );
  };
  return section("Documents, as they were committed to", growing("ul.related", originals, draw));
}

function documentsSection(documents) {
  const draw = ({ hash, leaves }) =>
    make("li", {}, code(hash), ` of ${tellMany(leaves, "leaf", "leaves")}`);
  return section("Commitments of documents", growing("ul.ids", documents, draw));
}

function manifestSection({ compiler, source_hash: source }) {
  return section(
    "Said by the operator, and not proven",
    pairs("dl.sheet.plain", [
      ["Compiler", compiler],
      ["Source hash", code(source)],
    ]),
  );
}
