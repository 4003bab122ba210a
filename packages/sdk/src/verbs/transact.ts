import {
  type Abi,
  type Account,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  type Hash,
  type Log,
  type PublicClient,
  type WalletClient,
} from "viem";
import {
  aitbcTokenAbi,
  checkpointManagerAbi,
  consensusParametersAbi,
  electionsAbi,
  emergencyCouncilAbi,
  hybridGovernorAbi,
  hybridManagerAbi,
  moduleUpgradesAbi,
  rewardDistributorAbi,
  slashingManagerAbi,
  stakingPoolAbi,
  unbondingQueueAbi,
  validatorRegistryAbi,
} from "../abi/index.ts";
import { SdkError } from "../errors.ts";

/** Who sends: a client to read and simulate with, a wallet that signs, and its account. */
export interface Sender {
  readonly client: PublicClient;
  readonly wallet: WalletClient;
  readonly account: Account;
}

/** One call of a contract. */
export interface Call {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** What became of a transaction that was included and succeeded. */
export interface Sent {
  readonly hash: Hash;
  readonly gasUsed: bigint;
  readonly blockNumber: bigint;
  readonly logs: readonly Log[];
}

/** Errors of every contract: a call may fail in one that it calls. */
const ERRORS: Abi = [
  ...aitbcTokenAbi,
  ...checkpointManagerAbi,
  ...consensusParametersAbi,
  ...electionsAbi,
  ...emergencyCouncilAbi,
  ...hybridGovernorAbi,
  ...hybridManagerAbi,
  ...moduleUpgradesAbi,
  ...rewardDistributorAbi,
  ...slashingManagerAbi,
  ...stakingPoolAbi,
  ...unbondingQueueAbi,
  ...validatorRegistryAbi,
].filter((item) => item.type === "error");

/** Room above the estimate: a snapshot can grow between simulation and inclusion. */
const GAS_MARGIN_PERCENT = 30n;

const text = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === "bigint" ? part.toString() : part)) ?? String(value);

/** A failed call as one sentence, with the contract's own error where there is one. */
export function explain(error: unknown, call: Pick<Call, "functionName">): SdkError {
  if (error instanceof SdkError) return error;
  if (error instanceof BaseError) {
    const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
    if (reverted instanceof ContractFunctionRevertedError) {
      const name = reverted.data?.errorName ?? reverted.signature ?? "revert";
      const args = reverted.data?.args ?? [];
      return new SdkError(
        "REVERTED",
        `${call.functionName} was refused: ${name}${args.length > 0 ? ` ${text(args)}` : ""}${reverted.reason === undefined ? "" : ` (${reverted.reason})`}`,
        { cause: error, revert: { name, args } },
      );
    }
    return new SdkError(
      "SETTLEMENT_UNREACHABLE",
      `${call.functionName} could not be sent: ${error.shortMessage}`,
      {
        cause: error,
      },
    );
  }
  return new SdkError("SETTLEMENT_UNREACHABLE", `${call.functionName} could not be sent: ${String(error)}`, {
    cause: error,
  });
}

/** Runs the call without sending it. @throws SdkError REVERTED with the contract's error. */
export async function simulate(sender: Sender, call: Call): Promise<unknown> {
  try {
    const { result } = await sender.client.simulateContract({
      ...call,
      abi: [...call.abi, ...ERRORS],
      account: sender.account,
    });
    return result;
  } catch (error) {
    throw explain(error, call);
  }
}

/**
 * Simulates, sends and waits until the transaction is included.
 * @throws SdkError REVERTED before anything is sent if the simulation fails; TRANSACTION_FAILED if it fails on chain.
 */
export async function transact(sender: Sender, call: Call): Promise<Sent> {
  const abi = [...call.abi, ...ERRORS];
  try {
    const estimate = await sender.client.estimateContractGas({ ...call, abi, account: sender.account });
    const hash = await sender.wallet.writeContract({
      ...call,
      abi,
      account: sender.account,
      chain: null,
      gas: (estimate * (100n + GAS_MARGIN_PERCENT)) / 100n,
    });
    const receipt = await sender.client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") {
      throw new SdkError(
        "TRANSACTION_FAILED",
        `${call.functionName} was included in block ${receipt.blockNumber} and failed there (${hash}): the chain changed since it was simulated`,
      );
    }
    return { hash, gasUsed: receipt.gasUsed, blockNumber: receipt.blockNumber, logs: receipt.logs };
  } catch (error) {
    throw explain(error, call);
  }
}
