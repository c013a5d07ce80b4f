// Asks a contract what ERC-721 lets anybody ask, through viem and viem's own ABI of the standard.
//
//   node erc721.cjs <folder of node_modules> <rpc url> <contract>  < calls.json  > answers.json
//
// calls: [{"function": "ownerOf", "args": ["0x…"]}, …]; integers travel as decimal strings.
// answers: [{"value": …} or {"error": "name of the contract's error"}, …]

const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [folder, url, address] = process.argv.slice(2);
const { createPublicClient, erc721Abi, http, parseAbi } = createRequire(join(folder, "x.js"))("viem");

const abi = [
  ...erc721Abi,
  ...parseAbi(["function supportsInterface(bytes4) view returns (bool)"]),
];
const client = createPublicClient({ transport: http(url) });

const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);

async function answer(call) {
  const args = call.args.map((arg) => (/^\d+$/.test(arg) ? BigInt(arg) : arg));
  try {
    return { value: await client.readContract({ address, abi, functionName: call.function, args }) };
  } catch (error) {
    const cause = error.walk?.((each) => each.name === "ContractFunctionRevertedError");
    if (!cause) throw error;
    return { error: cause.signature ?? cause.data?.errorName ?? cause.shortMessage };
  }
}

(async () => {
  const calls = JSON.parse(readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(await Promise.all(calls.map(answer)), plain));
})();
