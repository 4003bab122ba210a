import fc from "fast-check";
import type {
  Block,
  Certificate,
  Checkpoint,
  CheckpointCertificate,
  DurableRecord,
  EpochStart,
  Evidence,
  Hash,
  Message,
  Signal,
  SignalBody,
  SignIntent,
  Testimony,
  Vote,
  VoteBody,
} from "../../src/index.ts";
import { MODES, toHex, ZERO_HASH } from "../../src/index.ts";

/** Plain objects, as decoders make them. */
const arbRecordOf = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const arbHash: fc.Arbitrary<Hash> = bytes(32).map(toHex);
const arbAddress = bytes(20).map(toHex);
const arbU64 = fc.oneof(fc.nat(100), fc.maxSafeNat());
const arbSeat = fc.nat(1023);
const arbMode = fc.constantFrom(...MODES);
const arbSignature = bytes(96);
const arbBitmap = fc.uint8Array({ maxLength: 128 });

export const arbBody: fc.Arbitrary<VoteBody> = fc.oneof(
  arbRecordOf({
    kind: fc.constantFrom("notarize" as const, "finalize" as const),
    view: arbU64,
    parentView: arbU64,
    blockHash: arbHash,
  }),
  arbU64.map((view) => ({ kind: "nullify" as const, view, parentView: 0, blockHash: ZERO_HASH })),
);

const arbDomain = { epoch: arbU64, domain: arbHash };

export const arbVote: fc.Arbitrary<Vote> = fc
  .tuple(arbBody, arbRecordOf({ ...arbDomain, seat: arbSeat, signature: arbSignature }))
  .map(([body, rest]) => ({ ...body, ...rest }));

export const arbCertificate: fc.Arbitrary<Certificate> = fc
  .tuple(arbBody, arbRecordOf({ ...arbDomain, bitmap: arbBitmap, signature: arbSignature }))
  .map(([body, rest]) => ({ ...body, ...rest }));

const arbSignalBody: fc.Arbitrary<SignalBody> = fc.oneof(
  arbRecordOf({ kind: fc.constant("ready" as const), day: fc.nat(2 ** 32 - 1) }),
  arbRecordOf({ kind: fc.constant("readiness" as const), mode: arbMode }),
);

const arbSignal: fc.Arbitrary<Signal> = fc
  .tuple(arbSignalBody, arbRecordOf({ ...arbDomain, seat: arbSeat, signature: arbSignature }))
  .map(([body, rest]) => ({ ...body, ...rest }));

const arbCommitment = arbRecordOf({
  registryNext: arbHash,
  registryAfter: arbHash,
  modeNext: arbMode,
  modeWanted: arbMode,
  seedNext: arbHash,
});

export const arbCheckpoint: fc.Arbitrary<Checkpoint> = arbRecordOf({
  height: arbU64,
  view: arbU64,
  stamp: arbU64,
  blockHash: arbHash,
  stateRoot: arbHash,
  blocksRoot: arbHash,
  previous: arbHash,
  boundary: fc.option(
    arbRecordOf({
      commitment: arbCommitment,
      accounting: arbRecordOf({
        epoch: arbU64,
        views: arbU64,
        stamp: arbU64,
        loadMultiplier: fc.nat(2_000_000),
        vectorHash: arbHash,
      }),
    }),
  ),
});

export const arbBacking: fc.Arbitrary<CheckpointCertificate> = arbRecordOf({
  ...arbDomain,
  checkpoint: arbCheckpoint,
  bitmap: arbBitmap,
  signature: arbSignature,
});

const arbReference = arbRecordOf({ number: arbU64, hash: arbHash });

export const arbBlock: fc.Arbitrary<Block> = arbRecordOf({
  header: arbRecordOf({
    domain: arbHash,
    view: arbU64,
    parentView: arbU64,
    parentHash: arbHash,
    height: arbU64,
    stamp: arbU64,
    reference: arbReference,
    settledAt: arbU64,
    inboxCursor: arbU64,
    feeRecipient: arbAddress,
    vrfOutput: arbHash,
    batchesRoot: arbHash,
    stateRoot: arbHash,
    receiptsRoot: arbHash,
    certificatesHash: arbHash,
    lateVotesHash: arbHash,
    commitment: arbHash,
  }),
  body: arbRecordOf({
    vrfProof: arbSignature,
    batches: fc.array(arbHash, { maxLength: 4 }),
    certificates: fc.array(arbCertificate, { maxLength: 3 }),
    backings: fc.array(arbBacking, { maxLength: 2 }),
    lateVotes: fc.array(fc.oneof(arbVote, arbSignal), { maxLength: 2 }),
    commitment: fc.option(arbCommitment),
  }),
});

const arbRestart = arbRecordOf({
  ...arbDomain,
  view: arbU64,
  blockHash: arbHash,
  seat: fc.option(arbSeat),
  seatNext: fc.option(arbSeat),
  signature: arbSignature,
});

const arbTestimony: fc.Arbitrary<Testimony> = fc.oneof(
  arbRecordOf({ type: fc.constant("vote" as const), vote: arbVote }),
  arbRecordOf({ type: fc.constant("certificate" as const), certificate: arbCertificate }),
  arbRecordOf({
    type: fc.constant("checkpointVote" as const),
    vote: arbRecordOf({ ...arbDomain, checkpoint: arbCheckpoint, seat: arbSeat, signature: arbSignature }),
  }),
  arbRecordOf({ type: fc.constant("checkpointCertificate" as const), certificate: arbBacking }),
  arbRecordOf({ type: fc.constant("restart" as const), vote: arbRestart }),
);

const arbEvidence: fc.Arbitrary<Evidence> = fc.oneof(
  arbRecordOf({
    what: fc.constant("votes" as const),
    ...arbDomain,
    seat: arbSeat,
    validatorId: arbU64,
    first: arbVote,
    second: arbVote,
  }),
  fc.array(fc.tuple(arbSeat, arbU64), { maxLength: 3 }).chain((accused) =>
    arbRecordOf({
      what: fc.constantFrom(
        "certificates" as const,
        "member" as const,
        "checkpoints" as const,
        "restart" as const,
      ),
      ...arbDomain,
      seats: fc.constant(accused.map(([seat]) => seat)),
      validatorIds: fc.constant(accused.map(([, id]) => id)),
      first: arbTestimony,
      second: arbTestimony,
      chain: fc.array(arbCheckpoint, { maxLength: 2 }),
    }),
  ),
);

export const arbMessage: fc.Arbitrary<Message> = fc.oneof(
  arbRecordOf({ type: fc.constant("restart" as const), vote: arbRestart }),
  arbRecordOf({
    type: fc.constant("proposal" as const),
    proposal: arbRecordOf({
      ...arbDomain,
      view: arbU64,
      parentView: arbU64,
      block: arbBlock,
      seat: arbSeat,
      signature: arbSignature,
    }),
  }),
  arbRecordOf({ type: fc.constant("vote" as const), vote: arbVote }),
  arbRecordOf({ type: fc.constant("certificate" as const), certificate: arbCertificate }),
  arbRecordOf({
    type: fc.constant("checkpointVote" as const),
    vote: arbRecordOf({ ...arbDomain, checkpoint: arbCheckpoint, seat: arbSeat, signature: arbSignature }),
  }),
  arbRecordOf({ type: fc.constant("checkpointCertificate" as const), certificate: arbBacking }),
  arbRecordOf({ type: fc.constant("signal" as const), signal: arbSignal }),
  arbRecordOf({
    type: fc.constant("status" as const),
    status: arbRecordOf({
      ...arbDomain,
      view: arbU64,
      finalHeight: arbU64,
      finalHash: arbHash,
      backedHeight: arbU64,
    }),
  }),
  arbRecordOf({
    type: fc.constant("request" as const),
    request: fc.oneof(
      arbRecordOf({ what: fc.constant("block" as const), hash: arbHash }),
      arbRecordOf({ what: fc.constant("certificate" as const), ...arbDomain, view: arbU64 }),
      arbRecordOf({ what: fc.constant("finalized" as const), from: arbU64, count: fc.nat(64) }),
    ),
  }),
  arbRecordOf({
    type: fc.constant("blocks" as const),
    blocks: fc.array(
      arbRecordOf({
        block: arbBlock,
        certificate: fc.option(arbCertificate),
        backing: fc.option(arbBacking),
      }),
      { maxLength: 2 },
    ),
  }),
);

const arbRoots = arbRecordOf({
  height: arbU64,
  stateRoot: arbHash,
  receiptsRoot: arbHash,
  handedOn: arbHash,
  used: arbU64,
  value: fc.nat(1_000_000),
});

const arbStart: fc.Arbitrary<EpochStart> = arbRecordOf({
  epoch: arbU64,
  incarnation: fc.nat(1_000_000),
  mode: arbMode,
  registry: arbHash,
  registryNext: arbHash,
  seed: arbHash,
  firstHeight: arbU64,
  parent: arbRecordOf({
    hash: arbHash,
    height: arbU64,
    stamp: arbU64,
    reference: arbReference,
    settledAt: arbU64,
    inboxCursor: arbU64,
  }),
  peaks: fc.array(arbHash, { maxLength: 4 }),
  roots: fc.array(arbRoots, { maxLength: 4 }),
  previousCheckpoint: arbHash,
  previousCheckpointHeight: arbU64,
  boundary: fc.option(arbBacking),
  backedStamp: arbU64,
  hybrid: arbRecordOf({
    modeWanted: arbMode,
    resident: arbU64,
    capacity: arbU64,
    rate: arbU64,
    multiplier: fc.nat(2_000_000),
  }),
});

const arbIntent: fc.Arbitrary<SignIntent> = fc.oneof(
  arbRecordOf({ what: fc.constant("vote" as const), ...arbDomain, vote: arbBody }),
  arbRecordOf({ what: fc.constant("proposal" as const), ...arbDomain, vote: arbBody, block: arbBlock }),
  arbRecordOf({ what: fc.constant("checkpoint" as const), ...arbDomain, checkpoint: arbCheckpoint }),
  arbRecordOf({
    what: fc.constant("restart" as const),
    ...arbDomain,
    restart: arbRecordOf({ view: arbU64, blockHash: arbHash }),
  }),
  arbRecordOf({ what: fc.constant("signal" as const), ...arbDomain, signal: arbSignalBody }),
);

export const arbRecord: fc.Arbitrary<DurableRecord> = fc.oneof(
  arbRecordOf({ type: fc.constant("epoch" as const), start: arbStart }),
  arbRecordOf({ type: fc.constant("signed" as const), intent: arbIntent }),
  arbRecordOf({
    type: fc.constant("certificate" as const),
    certificate: arbCertificate,
    block: fc.option(arbBlock),
  }),
  arbRecordOf({
    type: fc.constant("final" as const),
    block: arbBlock,
    certificate: fc.option(arbCertificate),
    roots: arbRoots,
  }),
  arbRecordOf({ type: fc.constant("backed" as const), certificate: arbBacking }),
  arbRecordOf({ type: fc.constant("evidence" as const), evidence: arbEvidence }),
  arbRecordOf({ type: fc.constant("rewound" as const), hash: arbHash, height: arbU64 }),
  fc.constant({ type: "silent" as const }),
);
