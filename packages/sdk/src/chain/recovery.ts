import { type Hash, MODES, type Mode, type Seat, ZERO_HASH } from "@aitbc-hybrid/protocol";
import { type Address, type PublicClient, zeroAddress } from "viem";
import { checkpointManagerAbi, electionsAbi, hybridManagerAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";

/** Settlement blocks asked for events in one call. */
const LOG_PAGE = 1_000n;

/** A checkpoint as the contracts' events tell it. */
export interface CheckpointWords {
  readonly height: bigint;
  readonly viewNumber: bigint;
  readonly stamp: bigint;
  readonly blockHash: Hash;
  readonly stateRoot: Hash;
  readonly blocksRoot: Hash;
  readonly previous: Hash;
  readonly boundary: Hash;
}

/** The last checkpoint accepted, which `post` and `activate` are measured by. */
export interface Anchor {
  readonly submitter: Address;
  readonly checkpoint: CheckpointWords;
}

const NO_ANCHOR: Anchor = {
  submitter: zeroAddress,
  checkpoint: {
    height: 0n,
    viewNumber: 0n,
    stamp: 0n,
    blockHash: ZERO_HASH,
    stateRoot: ZERO_HASH,
    blocksRoot: ZERO_HASH,
    previous: ZERO_HASH,
    boundary: ZERO_HASH,
  },
};

/** The last checkpoint accepted, looked for from the head back; zeros before any. */
export async function readLastAccepted(client: PublicClient, network: Network): Promise<Anchor> {
  const lowest = BigInt(network.deployBlock);
  for (let toBlock = await client.getBlockNumber({ cacheTime: 0 }); toBlock >= lowest; toBlock -= LOG_PAGE) {
    const fromBlock = toBlock - LOG_PAGE + 1n > lowest ? toBlock - LOG_PAGE + 1n : lowest;
    const events = await client.getContractEvents({
      address: network.addresses.checkpoints,
      abi: checkpointManagerAbi,
      eventName: "CheckpointAccepted",
      strict: true,
      fromBlock,
      toBlock,
    });
    const last = events.at(-1);
    if (last !== undefined) return { submitter: last.args.submitter, checkpoint: last.args.checkpoint };
  }
  return NO_ANCHOR;
}

/** What the contracts say about the recovery of their epoch. */
export interface RecoveryState {
  /** The contracts' epoch: the boundary before it is accepted. */
  readonly epoch: number;
  readonly mode: Mode;
  /** The other mode that the next epoch may get. */
  readonly modeNext: Mode;
  /** When the last checkpoint was accepted, s. */
  readonly acceptedAt: number;
  /** From when on a recovery can be opened, s. */
  readonly stalledAt: number;
  /** The recovery that is open; null: none. */
  readonly open: OpenRecovery | null;
  /** Whom the leak of the last recovery left out without charging him yet: its number, seats of that epoch's registry. */
  readonly uncharged: { readonly id: number; readonly seats: readonly Seat[] };
}

/** A recovery that is open; times in seconds of the settlement chain. */
export interface OpenRecovery {
  readonly id: number;
  readonly graceEnd: number;
  /** View of the highest certificate posted; 0: none. */
  readonly postedView: number;
  /** Seats of R_e, and of R_(e+1), whose RESTART was verified, for whatever block. */
  readonly heard: readonly bigint[];
  readonly heardNext: readonly bigint[];
  /** From when on the next round of the leak can be run. */
  readonly nextRoundAt: number;
}

/** Whether a bitmap of four words has a seat. */
export const hasBit = (words: readonly bigint[], seat: number): boolean =>
  (((words[seat >> 8] ?? 0n) >> BigInt(seat & 255)) & 1n) === 1n;

/** Reads it at the head. */
export async function readRecovery(client: PublicClient, network: Network): Promise<RecoveryState> {
  const hybrid = { address: network.addresses.hybrid, abi: hybridManagerAbi } as const;
  const checkpoints = { address: network.addresses.checkpoints, abi: checkpointManagerAbi } as const;
  const [last, id, isOpen, stalledAt] = await Promise.all([
    client.readContract({ ...checkpoints, functionName: "lastCheckpoint" }),
    client.readContract({ ...hybrid, functionName: "recoveryCount" }),
    client.readContract({ ...hybrid, functionName: "isOpen" }),
    client.readContract({ ...hybrid, functionName: "stalledAt" }),
  ]);
  const record = (epoch: bigint) =>
    client.readContract({ ...checkpoints, functionName: "epochRecord", args: [epoch] });
  const [present, next, recovery, attendance, nextRoundAt] = await Promise.all([
    record(last.epoch),
    record(last.epoch + 1n),
    isOpen ? client.readContract({ ...hybrid, functionName: "recovery", args: [id] }) : null,
    id === 0 ? null : client.readContract({ ...hybrid, functionName: "attendance", args: [id] }),
    isOpen ? client.readContract({ ...hybrid, functionName: "nextRoundAt" }) : 0n,
  ]);
  const mode = MODES[present.mode]!;
  return {
    epoch: Number(last.epoch),
    mode,
    modeNext: mode === "secure" ? mode : MODES[next.mode]!,
    acceptedAt: last.acceptedAt,
    stalledAt: Number(stalledAt),
    open:
      recovery === null || attendance === null
        ? null
        : {
            id,
            graceEnd: recovery.graceEnd,
            postedView: Number(recovery.postedView),
            heard: attendance.heard,
            heardNext: attendance.heardNext,
            nextRoundAt: Number(nextRoundAt),
          },
    uncharged: {
      id,
      seats: Array.from({ length: 1_024 }, (_, seat) => seat).filter(
        (seat) => attendance !== null && hasBit(attendance.left, seat) && !hasBit(attendance.charged, seat),
      ),
    },
  };
}

/** Whether a recovery left an authority out, and it did not show itself since. */
export function isLeftOut(client: PublicClient, network: Network, validator: number): Promise<boolean> {
  return client.readContract({
    address: network.addresses.elections,
    abi: electionsAbi,
    functionName: "isSilent",
    args: [BigInt(validator)],
  });
}

/** Whether enough stake asked for a restart from this block, in e and in e + 1 under each mode it may still get. */
export async function isSupported(
  client: PublicClient,
  network: Network,
  { mode, modeNext }: Pick<RecoveryState, "mode" | "modeNext">,
  place: { readonly view: number; readonly blockHash: Hash },
): Promise<boolean> {
  const weighed = [
    [false, mode],
    [true, mode],
    ...(modeNext === mode ? [] : [[true, modeNext] as const]),
  ] as const;
  const parts = await Promise.all(
    weighed.map(([next, of]) =>
      client.readContract({
        address: network.addresses.hybrid,
        abi: hybridManagerAbi,
        functionName: "support",
        args: [BigInt(place.view), place.blockHash, next, MODES.indexOf(of)],
      }),
    ),
  );
  return parts.every(([stake, ofStake]) => 3n * stake > 2n * ofStake);
}
