import { index, onchainTable, primaryKey } from "ponder";

export const entry = onchainTable(
  "entry",
  (t) => ({
    block_number: t.bigint().notNull(),
    log_index: t.integer().notNull(),
    transaction_hash: t.hex().notNull(),
    subject: t.hex().notNull(),
    org: t.hex().notNull(),
    kind: t.integer().notNull(),
    position: t.bigint().notNull(),
    actor: t.hex().notNull(),
    timestamp: t.bigint().notNull(),
    payload: t.hex().notNull(),
  }),
  (table) => ({
    place: primaryKey({ columns: [table.block_number, table.log_index] }),
    subject: index().on(table.subject),
    org: index().on(table.org),
  }),
);

export const owner = onchainTable(
  "owner",
  (t) => ({ asset: t.hex().primaryKey(), org: t.hex().notNull() }),
  (table) => ({ org: index().on(table.org) }),
);
