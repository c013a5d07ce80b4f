// What form values have: each check returns nothing, or where a value is wrong and what it must be.

const wrong = (wants, value) => ({ path: "", wants, value });
const below = (step, fault) => fault && { ...fault, path: `${step}${fault.path}` };

/** 0x-hex in lower case, of so many bytes if that is said. */
export function hex(length) {
  const wants = length === undefined ? "lower-case 0x-hex" : `lower-case 0x-hex of ${length} bytes`;
  const long = length === undefined ? "([0-9a-f]{2})*" : `[0-9a-f]{${2 * length}}`;
  const pattern = new RegExp(`^0x${long}$`);
  return (value) => {
    if (typeof value !== "string" || !pattern.test(value)) return wrong(wants, value);
  };
}

export function integer(least, most) {
  return (value) => {
    const fits = Number.isSafeInteger(value) && value >= least && value <= most;
    if (!fits) return wrong(`an integer from ${least} to ${most}`, value);
  };
}

export function only(constant) {
  return (value) => {
    if (value !== constant) return wrong(JSON.stringify(constant), value);
  };
}

export function text(value) {
  if (typeof value !== "string") return wrong("a text", value);
}

export function list(check, { least = 0, most = Infinity } = {}) {
  return (value) => {
    if (!Array.isArray(value)) return wrong("a list", value);
    if (value.length < least) return wrong(`a list of at least ${least}`, value);
    if (value.length > most) return wrong(`a list of at most ${most}`, value);
    for (let at = 0; at < value.length; at += 1) {
      const fault = check(value[at]);
      if (fault) return below(`[${at}]`, fault);
    }
  };
}

export function object(required, optional = {}) {
  const checks = new Map(Object.entries({ ...required, ...optional }));
  const needed = Object.keys(required);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return wrong("an object", value);
    }
    const lacking = needed.find((name) => !Object.hasOwn(value, name));
    if (lacking !== undefined) return below(`.${lacking}`, wrong("there", undefined));
    for (const name of Object.keys(value)) {
      const check = checks.get(name);
      const fault = check ? check(value[name]) : wrong("no field of this form", value[name]);
      if (fault) return below(`.${name}`, fault);
    }
  };
}
