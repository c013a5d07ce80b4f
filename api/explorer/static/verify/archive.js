// Zips of a bundle and documents: read, and written anew so that each byte can be compared.

import { areEqual, join } from "./bytes.js";
import { crc32 } from "./crc.js";
import { Fault } from "./steps.js";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const DATE = 0x21; // 1980-01-01
const HEAD = 30; // bytes of a local header

const utf8 = new TextEncoder();

/** Whether bytes begin as a zip does; a bundle alone begins with a brace. */
export function isArchive(raw) {
  return raw[0] === 0x50 && raw[1] === 0x4b;
}

/** The files of a zip by name, in the order in which they stand. */
export function readArchive(raw) {
  const files = new Map();
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  let at = 0;
  while (at + HEAD <= raw.length && view.getUint32(at, true) === LOCAL) {
    const [size, length] = [view.getUint32(at + 18, true), view.getUint16(at + 26, true)];
    const start = at + HEAD + length;
    const name = new TextDecoder().decode(raw.subarray(at + HEAD, start));
    files.set(name, raw.subarray(start, start + size));
    at = start + size;
  }
  if (!areEqual(writeArchive(files), raw)) throw new Fault("the zip is not written in the one way");
  return files;
}

function writeArchive(files) {
  const [bodies, entries] = [[], []];
  let offset = 0;
  for (const [name, bytes] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const [written, common] = [utf8.encode(name), describe(name, bytes)];
    const body = join(pack([LOCAL, 4]), common, written, bytes);
    // Version made by; then no comment, disk 0, no attributes, and where its body is.
    entries.push(
      pack([CENTRAL, 4], [VERSION, 2]),
      common,
      pack([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]),
      written,
    );
    bodies.push(body);
    offset += body.length;
  }
  const central = join(...entries);
  const count = files.size;
  const end = pack(
    [END, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [central.length, 4],
    [offset, 4],
    [0, 2],
  );
  return join(...bodies, central, end);
}

// Version, no flags, no compression, time, date, checksum, both sizes, length of name, no extra.
function describe(name, bytes) {
  const { length } = utf8.encode(name);
  const size = bytes.length;
  return pack(
    [VERSION, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [DATE, 2],
    [crc32(bytes), 4],
    [size, 4],
    [size, 4],
    [length, 2],
    [0, 2],
  );
}

/** Numbers, each in so many bytes, little-endian. */
function pack(...numbers) {
  const packed = new Uint8Array(numbers.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [number, size] of numbers) {
    for (let byte = 0; byte < size; byte += 1)
      packed[at + byte] = Math.floor(number / 256 ** byte) % 256;
    at += size;
  }
  return packed;
}
