import { ponder } from "ponder:registry";
import { entry, owner } from "ponder:schema";

ponder.on("AssetLedger:Appended", async ({ event, context }) => {
  const { subject, org, kind, position, actor, payload } = event.args;
  await context.db.insert(entry).values({
    block_number: event.block.number,
    log_index: event.log.logIndex,
    transaction_hash: event.transaction.hash,
    subject,
    org,
    kind,
    position,
    actor,
    timestamp: event.block.timestamp,
    payload,
  });
  const now = findOwner(kind, org, payload);
  if (now) await context.db.insert(owner).values({ asset: subject, org: now }).onConflictDoUpdate({ org: now });
});

const [REGISTERED, TRANSFERRED, ACCEPTED, TITLE_FORCED] = [32, 38, 41, 66];
const OWNER = `0x${"0".repeat(64)}`;

/** Who owns the subject after an entry, if that says so. */
function findOwner(kind: number, org: `0x${string}`, payload: `0x${string}`) {
  if ([REGISTERED, TRANSFERRED, TITLE_FORCED].includes(kind)) return payload.slice(0, 66) as `0x${string}`;
  return kind === ACCEPTED && payload === OWNER ? org : undefined;
}
