// What each kind of entry is about, and the words of its payload.

export const ASSET_KINDS = ["type", "instance", "batch", "role"];
export const PARTIES = ["owner", "custodian", "operator", "lien_holder"];
export const STAGES = [
  "planned",
  "commissioned",
  "in_service",
  "maintenance",
  "decommissioned",
  "retired",
];

const kind = (number, name, about, words, begins = false) => [
  number,
  { name, about, begins, fields: words.split(" ").map((word) => word.split(":")) },
];
const birth = (number, name, about, words) => kind(number, name, about, words, true);

/** By number, in the words of the specification; `held` is a party that is not the owner. */
export const KINDS = new Map([
  birth(1, "enrolled", "organisation", "did:text"),
  kind(2, "suspended", "organisation", "reason:hash"),
  kind(3, "reinstated", "organisation", "reason:hash"),
  kind(4, "account_added", "organisation", "account:address"),
  kind(5, "account_removed", "organisation", "account:address"),
  kind(6, "credential_issued", "organisation", "schema:hash content_hash:hash expires:number"),
  kind(7, "credential_revoked", "organisation", "revokes:number schema:hash"),
  birth(16, "schema_published", "schema", "content_hash:hash replaces:hash"),
  birth(17, "world_opened", "world", "content_hash:hash schema:hash issuer:hash"),
  kind(18, "world_closed", "world", "reason:hash"),
  birth(32, "registered", "asset", "owner:hash schema:hash content_hash:hash asset_kind:kind"),
  birth(
    33,
    "batch_registered",
    "batch",
    "owner:hash schema:hash root:hash size:size content_hash:hash",
  ),
  kind(34, "revised", "asset", "content_hash:hash"),
  kind(35, "observed", "asset", "content_hash:hash"),
  kind(36, "corrected", "asset", "corrects:number content_hash:hash"),
  kind(37, "staged", "asset", "stage:stage"),
  kind(38, "transferred", "asset", "to:hash"),
  kind(39, "offered", "asset", "party:party to:hash expires:number"),
  kind(40, "withdrawn", "asset", "party:party"),
  kind(41, "accepted", "asset", "party:party"),
  kind(42, "released", "asset", "party:held"),
  kind(43, "mounted", "asset", "parent:hash"),
  kind(44, "dismounted", "asset", "parent:hash"),
  kind(45, "part_added", "asset", "part:hash"),
  kind(46, "part_removed", "asset", "part:hash"),
  kind(47, "attested", "asset", "schema:hash content_hash:hash expires:number"),
  kind(48, "attestation_revoked", "asset", "revokes:number schema:hash"),
  kind(
    49,
    "listed",
    "asset",
    "world:hash rendition:hash licence:hash expires:number issuer:hash credential:number",
  ),
  kind(50, "delisted", "asset", "world:hash"),
  kind(51, "erased", "asset", "documents:hashes"),
  kind(64, "frozen", "asset", "reason:hash"),
  kind(65, "unfrozen", "asset", "reason:hash"),
  kind(66, "title_forced", "asset", "to:hash reason:hash"),
  birth(80, "founded", "ledger", "authority:address"),
  kind(81, "paused", "ledger", "reason:hash"),
  kind(82, "resumed", "ledger", "reason:hash"),
  kind(83, "successor_named", "ledger", "successor:address reason:hash"),
]);
