import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type Checkpoint,
  checkpointRoot,
  type Hash,
  type Mode,
  restartRoot,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import { getBytes } from "ethers";
import { type Core, checkpointAt, domainOf, MODES, secretsBySeat, words, ZERO } from "./core.ts";
import { g2Struct, signatureWords } from "./points.ts";

/** What a statement says. */
export type Said =
  | VoteBody
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
  | { readonly kind: "restart"; readonly view: number; readonly blockHash: Hash };

const KINDS = { notarize: 2, finalize: 3, nullify: 4, checkpoint: 5, restart: 6 } as const;

const NO_VOTE = { viewNumber: 0, parentView: 0, blockHash: ZERO };
const NO_CHECKPOINT = words({
  ...checkpointAt({ height: 0, stamp: 0 }),
  blockHash: ZERO,
  stateRoot: ZERO,
  blocksRoot: ZERO,
  previous: ZERO,
});

/** Four words with the bits of these seats. */
export function bitmap(seats: readonly number[]): [bigint, bigint, bigint, bigint] {
  const all: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];
  for (const seat of seats) all[seat >> 8]! |= 1n << BigInt(seat & 255);
  return all;
}

/** Seats of four words. */
export const seatsIn = (map: readonly bigint[]): number[] =>
  Array.from({ length: 1024 }, (_, seat) => seat).filter(
    (seat) => (map[seat >> 8]! >> BigInt(seat & 255)) & 1n,
  );

export interface StatementOptions {
  readonly epoch?: number;
  readonly incarnation?: number;
  readonly mode?: Mode;
  readonly registry?: Hash;
  /** Seats that sign and are listed. */
  readonly signers: readonly number[];
  /** Of a RESTART: seats of the next epoch's registry that sign and are listed. */
  readonly nextSigners?: readonly number[];
  /** Seats listed instead. */
  readonly listed?: readonly number[];
  /** Secrets that sign, whatever is listed. */
  readonly secrets?: readonly Uint8Array[];
}

export const rootOf = (domain: Hash, said: Said): Hash =>
  said.kind === "checkpoint"
    ? checkpointRoot(domain, said.checkpoint)
    : said.kind === "restart"
      ? restartRoot(domain, said.view, said.blockHash)
      : voteRoot(domain, said);

/** What is said, in the contracts' form, without its domain and signers. */
export const wordsOf = (said: Said) => ({
  vote: {
    ...NO_VOTE,
    kind: KINDS[said.kind],
    ...(said.kind === "checkpoint"
      ? {}
      : {
          viewNumber: said.view,
          parentView: said.kind === "restart" ? 0 : said.parentView,
          blockHash: said.blockHash,
        }),
  },
  checkpoint: said.kind === "checkpoint" ? words(said.checkpoint) : NO_CHECKPOINT,
});

/** A statement in the contracts' form with its signatures. */
export async function statement(core: Core, said: Said, options: StatementOptions) {
  const epoch = options.epoch ?? Number(await core.checkpoints.epochNow());
  const record = await core.checkpoints.epochRecord(epoch);
  const root = rootOf(await domainOf(core, { ...options, epoch }), said);
  const secrets = await secretsBySeat(core, epoch);
  const next = options.nextSigners ?? [];
  const nextSecrets = next.length === 0 ? [] : await secretsBySeat(core, epoch + 1);
  const signing = options.secrets ?? [
    ...options.signers.map((seat) => secrets[seat]!),
    ...next.map((seat) => nextSecrets[seat]!),
  ];
  return {
    words: {
      epoch,
      incarnation: options.incarnation ?? 0,
      mode: MODES.indexOf(options.mode ?? MODES[Number(record.mode)]!),
      registryRoot: options.registry ?? record.registryRoot,
      ...wordsOf(said),
      signers: bitmap(options.listed ?? options.signers),
      nextRoot: next.length === 0 ? ZERO : (await core.checkpoints.recordedRegistry(epoch + 1)).registryRoot,
      nextSigners: bitmap(next),
    },
    signatures: signing.map((secret) => nativeBls.sign(secret, getBytes(root))),
  };
}

type Signed = Awaited<ReturnType<typeof statement>>;

export interface ContradictionOptions {
  readonly chain?: readonly { readonly domain: Hash; readonly checkpoint: Checkpoint }[];
  readonly firstSeat?: number;
  readonly secondSeat?: number;
}

/** Two statements as `submitContradiction` takes them. */
export const contradiction = (first: Signed, second: Signed, options: ContradictionOptions = {}) => ({
  first: first.words,
  second: second.words,
  chain: (options.chain ?? []).map(({ domain, checkpoint }) => ({ domain, checkpoint: words(checkpoint) })),
  moved: options.firstSeat !== undefined,
  firstSeat: options.firstSeat ?? 0,
  secondSeat: options.secondSeat ?? 0,
  signature: signatureWords(nativeBls.aggregateSignatures([...first.signatures, ...second.signatures])),
});

const NO_STATEMENT = {
  epoch: 0,
  incarnation: 0,
  mode: 1,
  registryRoot: ZERO,
  signers: bitmap([]),
  nextRoot: ZERO,
  nextSigners: bitmap([]),
};

/** A contradiction for the predicate alone: nothing is signed. */
export const unsigned = (
  first: Said,
  second: Said,
  more: {
    readonly first?: object;
    readonly second?: object;
    readonly chain?: readonly { readonly domain: Hash; readonly checkpoint: Checkpoint }[];
  } = {},
) => ({
  first: { ...NO_STATEMENT, ...wordsOf(first), ...more.first },
  second: { ...NO_STATEMENT, ...wordsOf(second), ...more.second },
  chain: (more.chain ?? []).map(({ domain, checkpoint }) => ({ domain, checkpoint: words(checkpoint) })),
  moved: false,
  firstSeat: 0,
  secondSeat: 0,
  signature: g2Struct(`0x${"00".repeat(256)}`),
});
