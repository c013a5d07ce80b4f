import { createConfig } from "ponder";
import { parseAbi } from "viem";

export default createConfig({
  database: { kind: "postgres", connectionString: process.env.DATABASE_URL },
  chains: {
    measured: {
      id: Number(process.env.CHAIN_ID),
      // It holds back what it asks one URL for; told of the node many times, it does not wait.
      rpc: Array(8).fill(process.env.RPC_URL),
      ethGetLogsBlockRange: Number(process.env.BLOCKS),
    },
  },
  contracts: {
    AssetLedger: {
      abi: parseAbi([`event ${process.env.EVENT}`]),
      chain: "measured",
      address: process.env.CONTRACT,
      startBlock: Number(process.env.FIRST),
    },
  },
});
