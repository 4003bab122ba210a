import { type Network, SdkError, type Sender } from "@aitbc-hybrid/sdk";
import type { Log } from "viem";

interface Call {
  readonly functionName: string;
  readonly args?: readonly unknown[];
}

const NAMES = [
  ...["token", "registry", "pool", "queue", "elections", "checkpoints", "slashing", "distributor"],
  ...["parameters", "hybrid", "inclusion", "access", "timelock", "governor", "upgrades", "council", "inbox"],
];

export const NETWORK = {
  chainId: 31_337,
  deployBlock: 1,
  addresses: Object.fromEntries(NAMES.map((name, i) => [name, `0x${`${i + 1}`.padStart(40, "0")}`])),
} as unknown as Network;

/** The settlement chain as duties see it: answers what a test sets, and keeps what is sent. */
export class FakeContracts {
  /** What views answer, by their names. */
  readonly views = new Map<string, (args: readonly unknown[]) => unknown>();
  /** Errors that transactions are refused with, by name of the function. */
  readonly refusals = new Map<string, string>();
  /** Functions whose transactions do not reach the chain. */
  readonly unreachable = new Set<string>();
  /** Events in the receipts of transactions, by name of the function. */
  readonly logs = new Map<string, readonly Partial<Log>[]>();
  /** What was sent, in order. */
  readonly sent: Call[] = [];
  /** What runs when a transaction is included. */
  onSent: (call: Call) => void = () => {};
  /** Events that are asked for, by name. */
  readonly events = new Map<string, readonly { readonly args: unknown }[]>();
  timestamp = 0n;
  head = 10n;

  get names(): string[] {
    return this.sent.map(({ functionName }) => functionName);
  }

  readonly sender = {
    account: { address: `0x${"ac".repeat(20)}` },
    client: {
      readContract: async ({ functionName, args = [] }: Call) => {
        const view = this.views.get(functionName);
        if (view === undefined) throw new Error(`no answer to ${functionName}`);
        return view(args);
      },
      estimateContractGas: async ({ functionName }: Call) => {
        if (this.unreachable.has(functionName))
          throw new SdkError("SETTLEMENT_UNREACHABLE", `${functionName} could not be sent`);
        const name = this.refusals.get(functionName);
        if (name !== undefined)
          throw new SdkError("REVERTED", `${functionName} was refused: ${name}`, {
            revert: { name, args: [] },
          });
        return 100_000n;
      },
      simulateContract: async () => ({ result: { cut: 0, lastWeight: 0, lastSeat: 0 } }),
      getBlock: async () => ({ timestamp: this.timestamp, number: this.head }),
      getBlockNumber: async () => this.head,
      getContractEvents: async ({ eventName }: { eventName: string }) => this.events.get(eventName) ?? [],
      waitForTransactionReceipt: async () => ({
        status: "success",
        gasUsed: 90_000n,
        blockNumber: this.head,
        logs: this.logs.get(this.sent.at(-1)!.functionName) ?? [],
      }),
    },
    wallet: {
      writeContract: async ({ functionName, args = [] }: Call) => {
        this.sent.push({ functionName, args });
        this.onSent({ functionName, args });
        return `0x${this.sent.length.toString(16).padStart(64, "0")}`;
      },
    },
  } as unknown as Sender;
}
