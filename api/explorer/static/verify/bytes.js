// Bytes, hex and numbers: what all other modules count in.

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

// Of a character code of lower-case hex: "0" is 48, "a" is 97.
const digit = (code) => (code < 58 ? code - 48 : code - 87);

/** The bytes of lower-case 0x-hex, whose form has been looked at before. */
export function fromHex(text) {
  const bytes = new Uint8Array(text.length / 2 - 1);
  for (let at = 0; at < bytes.length; at += 1) {
    const place = 2 * at + 2;
    bytes[at] = 16 * digit(text.charCodeAt(place)) + digit(text.charCodeAt(place + 1));
  }
  return bytes;
}

/** Lower-case 0x-hex of bytes. */
export function toHex(bytes) {
  let text = "0x";
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}

/** All parts, one behind the other. */
export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether two runs of bytes are the same. */
export function areEqual(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** The number that bytes are, big-endian; of none, 0n. */
export function toNumber(bytes) {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** A number in 32 bytes, big-endian. */
export function toWord(number) {
  const word = new Uint8Array(32);
  if (typeof number === "number") {
    const view = new DataView(word.buffer);
    view.setUint32(24, Math.floor(number / 2 ** 32));
    view.setUint32(28, number % 2 ** 32);
    return word;
  }
  return fromHex(`0x${number.toString(16).padStart(64, "0")}`);
}

/** Bytes in 32, padded on the left as addresses are. */
export function padLeft(bytes) {
  const word = new Uint8Array(32);
  word.set(bytes, 32 - bytes.length);
  return word;
}

/** 0x-hex of a number in so many bytes. */
export function numberToHex(number, bytes) {
  return `0x${number.toString(16).padStart(2 * bytes, "0")}`;
}
