import {
  checkpointManagerAbi,
  type Network,
  rewardDistributorAbi,
  slashingManagerAbi,
  stakingPoolAbi,
} from "@aitbc-hybrid/sdk";
import type { PublicClient } from "viem";
import type { PostedCheckpoint } from "./types.ts";

/** What the settlement chain shows of this run. */
export class SettlementWatch {
  readonly #client: PublicClient;
  readonly #network: Network;
  #from: bigint;
  #firstEpoch: number;
  #genesisSeal = 0;
  readonly #handedOver = new Set<number>();
  readonly #convicted = new Set<bigint>();
  checkpoints = 0;
  lastCheckpoint: PostedCheckpoint | null = null;
  accruedEpochs = 0;
  /** Base units of AITBC, 10^-18. */
  rewardsPaid = 0n;
  delegated = 0n;
  undelegated = 0n;
  claimed = 0n;
  evidencePaid = 0n;

  private constructor(client: PublicClient, network: Network, from: bigint, firstEpoch: number) {
    this.#client = client;
    this.#network = network;
    this.#from = from;
    this.#firstEpoch = firstEpoch;
  }

  /** Counts from now on; epochs up to the present one are not this run's. */
  static async begin(client: PublicClient, network: Network, epoch: number): Promise<SettlementWatch> {
    const from = (await client.getBlockNumber({ cacheTime: 0 })) + 1n;
    const watch = new SettlementWatch(client, network, from, epoch);
    const first = await watch.#record(0);
    watch.#genesisSeal = first.seal;
    return watch;
  }

  get handOvers(): number {
    return this.#handedOver.size;
  }

  /** Validators convicted in this run; one that offends twice is still one. */
  get slashed(): number {
    return this.#convicted.size;
  }

  /** Reads what happened since the last call; `epoch` is the validators' present one. */
  async update(epoch: number): Promise<void> {
    const to = await this.#client.getBlockNumber({ cacheTime: 0 });
    if (to >= this.#from) {
      const range = { fromBlock: this.#from, toBlock: to, strict: true } as const;
      const { checkpoints, slashing, pool, distributor } = this.#network.addresses;
      const rewards = { ...range, address: distributor, abi: rewardDistributorAbi } as const;
      const stake = { ...range, address: pool, abi: stakingPoolAbi } as const;
      const [accepted, convicted, accrued, claimed, delegated, undelegated, kept, paid] = await Promise.all([
        this.#client.getContractEvents({
          ...range,
          address: checkpoints,
          abi: checkpointManagerAbi,
          eventName: "CheckpointAccepted",
        }),
        this.#client.getContractEvents({
          ...range,
          address: slashing,
          abi: slashingManagerAbi,
          eventName: "Convicted",
        }),
        this.#client.getContractEvents({ ...rewards, eventName: "Accrued" }),
        this.#client.getContractEvents({ ...rewards, eventName: "Claimed" }),
        this.#client.getContractEvents({ ...stake, eventName: "Delegated" }),
        this.#client.getContractEvents({ ...stake, eventName: "Undelegated" }),
        this.#client.getContractEvents({
          ...range,
          address: slashing,
          abi: slashingManagerAbi,
          eventName: "RewardKept",
        }),
        this.#client.getContractEvents({
          ...range,
          address: slashing,
          abi: slashingManagerAbi,
          eventName: "RewardPaid",
        }),
      ]);
      this.#from = to + 1n;
      this.checkpoints += accepted.length;
      for (const { args } of convicted) this.#convicted.add(args.validator);
      this.accruedEpochs += accrued.length;
      for (const { args } of accrued) this.rewardsPaid += args.paid;
      for (const { args } of claimed) this.claimed += args.amount;
      for (const { args } of delegated) this.delegated += args.amount;
      for (const { args } of undelegated) this.undelegated += args.amount;
      // Paid at once, or kept back and paid later.
      for (const { args } of convicted) this.evidencePaid += args.reward;
      for (const { args } of kept) this.evidencePaid -= args.amount;
      for (const { args } of paid) this.evidencePaid += args.amount;
      const last = accepted.at(-1);
      if (last !== undefined) {
        const { gasUsed } = await this.#client.getTransactionReceipt({ hash: last.transactionHash });
        this.lastCheckpoint = {
          height: Number(last.args.height),
          epoch: Number(last.args.epoch),
          gasUsed,
          transaction: last.transactionHash,
        };
      }
    }
    for (let begun = this.#firstEpoch + 1; begun <= epoch; begun++) {
      if (this.#handedOver.has(begun)) continue;
      const record = await this.#record(begun);
      if (record.seal > this.#genesisSeal) this.#handedOver.add(begun);
    }
  }

  #record(epoch: number) {
    return this.#client.readContract({
      address: this.#network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      functionName: "epochRecord",
      args: [BigInt(epoch)],
    });
  }
}
