// Reads glTF or GLB from standard input and says what the Khronos validator finds, as one line of
// JSON. Nothing outside is read: of a file's external resources only their addresses are looked at.
const validator = require("gltf-validator");

const MOST = 20;
const LONGEST = 300;
const short = (text) => String(text).slice(0, LONGEST);

const parts = [];
process.stdin.on("data", (part) => parts.push(part));
process.stdin.on("end", async () => {
  const bytes = new Uint8Array(Buffer.concat(parts));
  parts.length = 0;
  try {
    const told = await validator.validateBytes(bytes, { maxIssues: 0, writeTimestamp: false });
    const errors = told.issues.messages.filter((one) => one.severity === 0).slice(0, MOST);
    const faults = errors.map((one) => ({
      path: short(one.pointer ?? (one.offset === undefined ? "" : `@${one.offset}`)),
      rule: short(one.code),
      reason: short(one.message),
    }));
    done({ validator: validator.version(), errors: told.issues.numErrors, faults });
  } catch (error) {
    // It throws what keeps it from looking any further, such as a wrong magic number.
    done({ validator: validator.version(), errors: 1, faults: [{ path: "", rule: "", reason: short(error) }] });
  }
});

function done(found) {
  process.stdout.write(JSON.stringify(found) + "\n");
}
