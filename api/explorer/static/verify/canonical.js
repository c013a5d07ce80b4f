// Canonical JSON (RFC 8785), which ECMAScript's own way of writing numbers and texts is, of I-JSON
// (RFC 7493): whatever it does not carry exactly has no canonical form.

const UNFIT = /[\p{Surrogate}\p{Noncharacter_Code_Point}]/u;
const DEEPEST = 64;

/** The canonical form, or null if a value has none. `depth` is how many levels are above it. */
export function canonical(value, depth = 0) {
  if (typeof value === "string") return UNFIT.test(value) ? null : JSON.stringify(value);
  if (typeof value === "number") return isExact(value) ? JSON.stringify(value) : null;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth === DEEPEST) return null;
  const parts = Array.isArray(value) ? items(value, depth) : members(value, depth);
  if (parts.includes(null)) return null;
  return Array.isArray(value) ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}

// Integers beyond 2⁵³ - 1 may have been rounded; those from 1e21 on are written as fractions are.
function isExact(number) {
  return !Number.isInteger(number) || Number.isSafeInteger(number) || Math.abs(number) >= 1e21;
}

function items(value, depth) {
  return value.map((item) => canonical(item, depth + 1));
}

// Sorting texts compares UTF-16 code units, as the standard wants it (3.2.3).
function members(value, depth) {
  return Object.keys(value)
    .sort()
    .map((name) => {
      const [key, member] = [canonical(name), canonical(value[name], depth + 1)];
      return key === null || member === null ? null : `${key}:${member}`;
    });
}

/** The value that a text is the canonical form of, so many levels deep; undefined if of none. */
export function parseCanonical(text, depth) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return canonical(value, depth) === text ? value : undefined;
}
