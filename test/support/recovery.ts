import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  blockHash,
  type Checkpoint,
  type Hash,
  type Header,
  readyRoot,
  restartRoot,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import { getBytes } from "ethers";
import type { HybridManager } from "../../typechain/contracts/consensus/HybridManager.ts";
import { headerAt, headerWords } from "./blocks.ts";
import {
  type Core,
  checkpointAt,
  domainOf,
  seatList,
  secretsBySeat,
  signedBy,
  submission,
  words,
} from "./core.ts";
import { signatureWords } from "./points.ts";

/** Bitmap words, as the contracts keep them, to seats. */
export const bits = (words: readonly bigint[]): number[] =>
  words.flatMap((word, k) =>
    Array.from({ length: 256 }, (_, bit) => bit)
      .filter((bit) => (word >> BigInt(bit)) & 1n)
      .map((bit) => 256 * k + bit),
  );

/** Lets time pass until recovery of the present epoch can be opened. */
export async function stall(core: Core, seconds?: number) {
  await core.connection.networkHelpers.time.increase(
    seconds ?? (core.file as unknown as { recovery: { stall: number } }).recovery.stall,
  );
}

export async function open(core: Core, hybrid: HybridManager = core.hybrid) {
  await stall(core);
  await hybrid.open();
  return Number(await hybrid.recoveryCount());
}

/** Lets the grace of the recovery that is open end. */
export async function endGrace(core: Core, hybrid: HybridManager = core.hybrid) {
  const { graceEnd } = await hybrid.recovery(await hybrid.recoveryCount());
  await core.connection.networkHelpers.time.increaseTo(graceEnd + 1n);
}

export interface CertificateOptions {
  readonly header?: Partial<Header>;
  readonly view?: number;
  readonly height?: number;
  readonly isFinal?: boolean;
  readonly absent?: readonly number[];
  readonly present?: readonly number[];
}

/** A certificate of a block of the present epoch: by all that vote less the absent, or by those listed. */
export async function certificate(core: Core, view: number, options: CertificateOptions = {}) {
  const epoch = Number(await core.checkpoints.epochNow());
  const { firstHeight, snapshot, mode } = await core.checkpoints.epochRecord(epoch);
  const domain = await domainOf(core);
  const height = options.height ?? Number(firstHeight) + view - 1;
  const header = headerAt(domain, height, {
    view,
    stamp: 1_700_000_000_000 + view,
    ...options.header,
  });
  const hash = blockHash(header);
  const vote = { view: options.view ?? view, parentView: Math.max(0, view - 1), blockHash: hash };
  const kind = options.isFinal ? "finalize" : "notarize";
  const secrets = await secretsBySeat(core, epoch);
  const { backing, suspended, n } = await core.elections.snapshotAt(snapshot);
  const set =
    mode === 2n
      ? Array.from({ length: Number(n) }, (_, i) => i).filter((i) => !((suspended >> BigInt(i)) & 1n))
      : bits(backing);
  const signers = options.present ?? set.filter((seat) => !options.absent?.includes(seat));
  return {
    hash,
    header,
    words: {
      isFinal: options.isFinal ?? false,
      viewNumber: vote.view,
      parentView: vote.parentView,
      header: headerWords(header),
      proof: {
        signature: signedBy(
          signers.map((seat) => secrets[seat]!),
          voteRoot(domain, { kind, ...vote }),
        ),
        present: options.present !== undefined,
        seats: seatList(options.present ?? options.absent ?? []),
      },
    },
  };
}

export interface RestartOptions {
  /** Seats of W_e listed as signers, or as absent. */
  readonly signers?: readonly number[];
  readonly absent?: readonly number[];
  /** Seats of W_(e+1) that sign besides, with keys that W_e does not have on the same seat. */
  readonly nextSigners?: readonly number[];
  readonly epoch?: number;
  /** Seats whose signatures are in the sum, whatever is listed. */
  readonly signed?: readonly number[];
}

/** RESTART signatures of a block as the contracts take them. */
export async function restartProof(core: Core, view: number, hash: string, options: RestartOptions = {}) {
  const epoch = Number(await core.checkpoints.epochNow());
  const root = restartRoot(await domainOf(core, { epoch: options.epoch ?? epoch }), view, hash as Hash);
  const secrets = await secretsBySeat(core, epoch);
  const next = await secretsBySeat(core, epoch + 1);
  const { snapshot, mode } = await core.checkpoints.epochRecord(epoch);
  const { backing, suspended, n } = await core.elections.snapshotAt(snapshot);
  const set =
    mode === 2n
      ? Array.from({ length: Number(n) }, (_, i) => i).filter((i) => !((suspended >> BigInt(i)) & 1n))
      : bits(backing);
  const signers =
    options.signed ?? options.signers ?? set.filter((seat) => !(options.absent ?? []).includes(seat));
  const sum = [
    ...signers.map((seat) => secrets[seat]!),
    ...(options.nextSigners ?? []).map((seat) => next[seat]!),
  ];
  return {
    signature: signedBy(sum, root),
    present: options.signers !== undefined,
    seats: seatList(options.signers ?? options.absent ?? []),
    nextPresent: true,
    nextSeats: seatList(options.nextSigners ?? []),
  };
}

/** The last checkpoint accepted as `post` and `activate` take it; anything where none is looked at. */
export const anchor = (core: Core, checkpoint: Checkpoint = checkpointAt({ height: 0 })) => ({
  submitter: core.deployer.address,
  checkpoint: words(checkpoint),
});

/** Accepts a checkpoint of the present epoch whose block has this view and stamp. */
export async function acceptCheckpoint(core: Core, height: number, change: Partial<Checkpoint> = {}) {
  const checkpoint = { ...checkpointAt({ height, stamp: 1_700_000_000_000 }), ...change };
  const s = await submission(core, checkpoint);
  await core.checkpoints.submit(s.checkpoint, s.proof);
  return checkpoint;
}

/** An authority's sign of life in the present epoch. */
export async function ready(core: Core, secret: Uint8Array, day: number) {
  const root = readyRoot(await domainOf(core), day);
  return signatureWords(nativeBls.sign(secret, getBytes(root)));
}
