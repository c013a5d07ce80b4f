// How numbers, times and hashes are told.

const grouped = new Intl.NumberFormat("en-GB");
const LATEST = 253_402_300_799; // the last second of the year 9999

export const tellNumber = (number) => grouped.format(number);
export const tellName = (name) => name.replaceAll("_", " ");
export const capitalise = (text) => text.charAt(0).toUpperCase() + text.slice(1);
export const shorten = (hash) =>
  hash.length > 20 ? `${hash.slice(0, 10)}…${hash.slice(-6)}` : hash;

/** A second since 1970 as UTC. */
export function tellTime(seconds) {
  if (seconds > LATEST) return `second ${seconds}`;
  return `${new Date(Number(seconds) * 1000).toISOString().replace("T", " ").slice(0, -5)} UTC`;
}

/** So many of a thing: "1 entry", "2 entries". */
export function tellMany(number, one, many) {
  return `${tellNumber(number)} ${Number(number) === 1 ? one : many}`;
}

/** So many bytes, in the unit that fits. */
export function tellSize(bytes) {
  if (bytes < 1024) return tellMany(bytes, "byte", "bytes");
  return bytes < 2 ** 20
    ? `${tellNumber(Math.round(bytes / 1024))} KiB`
    : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
