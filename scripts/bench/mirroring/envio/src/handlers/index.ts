import { AssetLedger } from "generated";

AssetLedger.Appended.handler(async ({ event, context }) => {
  const { subject, org, kind, position, actor, payload } = event.params;
  context.Entry.set({
    id: `${event.block.number}-${event.logIndex}`,
    block_number: event.block.number,
    log_index: event.logIndex,
    transaction_hash: event.transaction.hash,
    subject,
    org,
    kind: Number(kind),
    position,
    actor,
    timestamp: event.block.timestamp,
    payload,
  });
  const now = findOwner(Number(kind), org, payload);
  if (now) context.Owner.set({ id: subject, org: now });
});

const [REGISTERED, TRANSFERRED, ACCEPTED, TITLE_FORCED] = [32, 38, 41, 66];
const OWNER = `0x${"0".repeat(64)}`;

/** Who owns the subject after an entry, if that says so. */
function findOwner(kind: number, org: string, payload: string) {
  if ([REGISTERED, TRANSFERRED, TITLE_FORCED].includes(kind)) return payload.slice(0, 66);
  return kind === ACCEPTED && payload === OWNER ? org : undefined;
}
