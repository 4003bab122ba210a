import {
  type Boundary,
  type Checkpoint,
  type CheckpointCertificate,
  fromHex,
  type Hash,
  type Header,
  type Hex,
  MODE_PARAMS,
  MODES,
  type Mode,
  type Params,
  type PerMode,
  type Registry,
  SINGLE_PARAMS,
  toHex,
} from "@aitbc-hybrid/protocol";
import { SdkError } from "../errors.ts";
import type {
  BlockProof,
  HeaderProof,
  LeafProof,
  ReceiptProof,
  RegistryPreimage,
  TransactionProof,
} from "./types.ts";

/*
 * The forms in which nodes tell light clients what they verify: both ends use these. What is read is refused unless it
 * has exactly the form: it comes from a stranger. Numbers are JSON numbers, bytes hexadecimal, wei decimal strings.
 */

/** More siblings or peaks than any proof has. */
const MOST_NODES = 64;
/** More seats than any registry has. */
const MOST_SEATS = 1024;

type Fields = Readonly<Record<string, unknown>>;

function malformed(what: string, expected: string): never {
  throw new SdkError("LIGHT_MALFORMED", `${what} must be ${expected}`);
}

function fields(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) malformed(what, "an object");
  return value as Fields;
}

function count(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    malformed(what, "a whole number");
  return value as number;
}

function hexText(value: unknown, what: string, width?: number): Hex {
  const fits = typeof value === "string" && /^0x(?:[0-9a-f]{2})*$/.test(value);
  if (!fits || (width !== undefined && value.length !== 2 + 2 * width))
    malformed(what, `${width === undefined ? "" : `${width} `}bytes in lower-case hexadecimal with 0x`);
  return value as Hex;
}

const hash = (value: unknown, what: string): Hash => hexText(value, what, 32);

function list<T>(value: unknown, what: string, most: number, read: (item: unknown, what: string) => T): T[] {
  if (!Array.isArray(value) || value.length > most) malformed(what, `a list of at most ${most}`);
  return (value as unknown[]).map((item, i) => read(item, `${what}[${i}]`));
}

function big(value: unknown, what: string): bigint {
  if (typeof value !== "string" || !/^[0-9]{1,78}$/.test(value))
    malformed(what, "decimal digits in a string");
  return BigInt(value as string);
}

function mode(value: unknown, what: string): Mode {
  const known = MODES.find((each) => each === value);
  return known ?? malformed(what, MODES.join(", "));
}

function boundary(value: unknown, what: string): Boundary | null {
  if (value === null) return null;
  const content = fields(value, what);
  const c = fields(content.commitment, `${what}.commitment`);
  const a = fields(content.accounting, `${what}.accounting`);
  return {
    commitment: {
      registryNext: hash(c.registryNext, "registryNext"),
      registryAfter: hash(c.registryAfter, "registryAfter"),
      modeNext: mode(c.modeNext, "modeNext"),
      modeWanted: mode(c.modeWanted, "modeWanted"),
      seedNext: hash(c.seedNext, "seedNext"),
    },
    accounting: {
      epoch: count(a.epoch, "epoch"),
      views: count(a.views, "views"),
      stamp: count(a.stamp, "stamp"),
      loadMultiplier: count(a.loadMultiplier, "loadMultiplier"),
      vectorHash: hash(a.vectorHash, "vectorHash"),
    },
  };
}

function checkpoint(value: unknown): Checkpoint {
  const c = fields(value, "checkpoint");
  return {
    height: count(c.height, "height"),
    view: count(c.view, "view"),
    stamp: count(c.stamp, "stamp"),
    blockHash: hash(c.blockHash, "blockHash"),
    stateRoot: hash(c.stateRoot, "stateRoot"),
    blocksRoot: hash(c.blocksRoot, "blocksRoot"),
    previous: hash(c.previous, "previous"),
    boundary: boundary(c.boundary, "boundary"),
  };
}

/** A checkpoint's certificate as JSON. */
export const formatCheckpoint = (certificate: CheckpointCertificate) => ({
  ...certificate,
  bitmap: toHex(certificate.bitmap),
  signature: toHex(certificate.signature),
});

/** Reads `formatCheckpoint`. @throws SdkError LIGHT_MALFORMED */
export function parseCheckpoint(value: unknown): CheckpointCertificate {
  const c = fields(value, "certificate");
  return {
    epoch: count(c.epoch, "epoch"),
    domain: hash(c.domain, "domain"),
    checkpoint: checkpoint(c.checkpoint),
    bitmap: fromHex(hexText(c.bitmap, "bitmap")),
    signature: fromHex(hexText(c.signature, "signature", 96)),
  };
}

/** A registry's preimage as JSON. */
export const formatRegistry = ({ entries, authorities, suspended, backing, params }: Registry) => ({
  entries: entries.map(({ validatorId, keyBytes, stake }) => ({
    validatorId,
    key: toHex(keyBytes),
    stake: Number(stake),
  })),
  authorities,
  suspended: [...suspended].sort((a, b) => a - b),
  backing: [...backing].sort((a, b) => a - b),
  params,
});

function params(value: unknown): Params {
  const given = fields(value, "params");
  const perMode = (name: string): PerMode<number> => {
    const each = fields(given[name], name);
    return {
      fast: count(each.fast, name),
      balanced: count(each.balanced, name),
      secure: count(each.secure, name),
    };
  };
  return Object.fromEntries([
    ...MODE_PARAMS.map((name) => [name, perMode(name)]),
    ...SINGLE_PARAMS.map((name) => [name, count(given[name], name)]),
  ]) as unknown as Params;
}

/** Reads `formatRegistry`. @throws SdkError LIGHT_MALFORMED */
export function parseRegistry(value: unknown): RegistryPreimage {
  const given = fields(value, "registry");
  return {
    entries: list(given.entries, "entries", MOST_SEATS, (item, what) => {
      const entry = fields(item, what);
      return {
        validatorId: count(entry.validatorId, "validatorId"),
        key: new Uint8Array(0),
        keyBytes: fromHex(hexText(entry.key, "key")),
        stake: BigInt(count(entry.stake, "stake")),
      };
    }),
    authorities: count(given.authorities, "authorities"),
    suspended: new Set(list(given.suspended, "suspended", MOST_SEATS, count)),
    backing: new Set(list(given.backing, "backing", MOST_SEATS, count)),
    params: params(given.params),
  };
}

function header(value: unknown): Header {
  const h = fields(value, "header");
  const reference = fields(h.reference, "reference");
  return {
    domain: hash(h.domain, "domain"),
    view: count(h.view, "view"),
    parentView: count(h.parentView, "parentView"),
    parentHash: hash(h.parentHash, "parentHash"),
    height: count(h.height, "height"),
    stamp: count(h.stamp, "stamp"),
    reference: { number: count(reference.number, "reference"), hash: hash(reference.hash, "reference") },
    settledAt: count(h.settledAt, "settledAt"),
    inboxCursor: count(h.inboxCursor, "inboxCursor"),
    feeRecipient: hexText(h.feeRecipient, "feeRecipient", 20),
    vrfOutput: hash(h.vrfOutput, "vrfOutput"),
    batchesRoot: hash(h.batchesRoot, "batchesRoot"),
    stateRoot: hash(h.stateRoot, "stateRoot"),
    receiptsRoot: hash(h.receiptsRoot, "receiptsRoot"),
    certificatesHash: hash(h.certificatesHash, "certificatesHash"),
    lateVotesHash: hash(h.lateVotesHash, "lateVotesHash"),
    commitment: hash(h.commitment, "commitment"),
  };
}

const nodes = (value: unknown, what: string): Hash[] => list(value, what, MOST_NODES, hash);

function leafProof(value: unknown, what: string): LeafProof {
  const proof = fields(value, what);
  return { index: count(proof.index, `${what}.index`), path: nodes(proof.path, `${what}.path`) };
}

/** Reads a block's proof, which is its own JSON. @throws SdkError LIGHT_MALFORMED */
export function parseBlockProof(value: unknown): BlockProof {
  const proof = fields(value, "proof");
  return {
    under: count(proof.under, "under"),
    height: count(proof.height, "height"),
    blockHash: hash(proof.blockHash, "blockHash"),
    path: nodes(proof.path, "path"),
    peaks: nodes(proof.peaks, "peaks"),
  };
}

/** The same with the block's header. @throws SdkError LIGHT_MALFORMED */
export const parseHeaderProof = (value: unknown): HeaderProof => ({
  ...parseBlockProof(value),
  header: header(fields(value, "proof").header),
});

/** Reads a transaction's proof, which is its own JSON. @throws SdkError LIGHT_MALFORMED */
export function parseTransactionProof(value: unknown): TransactionProof {
  const proof = fields(value, "proof");
  const batch = fields(proof.batch, "batch");
  return {
    ...parseHeaderProof(value),
    batch: {
      author: count(batch.author, "author"),
      sequence: count(batch.sequence, "sequence"),
      count: count(batch.count, "count"),
      bytes: count(batch.bytes, "bytes"),
      transactionsRoot: hash(batch.transactionsRoot, "transactionsRoot"),
    },
    inBlock: leafProof(proof.inBlock, "inBlock"),
    transactionHash: hash(proof.transactionHash, "transactionHash"),
    inBatch: leafProof(proof.inBatch, "inBatch"),
  };
}

/** A receipt's proof as JSON. */
export const formatReceiptProof = (proof: ReceiptProof) => ({
  ...proof,
  receipt: { ...proof.receipt, fee: `${proof.receipt.fee}` },
});

/** Reads `formatReceiptProof`. @throws SdkError LIGHT_MALFORMED */
export function parseReceiptProof(value: unknown): ReceiptProof {
  const proof = fields(value, "proof");
  const receipt = fields(proof.receipt, "receipt");
  return {
    ...parseHeaderProof(value),
    receipt: {
      transactionHash: hash(receipt.transactionHash, "transactionHash"),
      index: count(receipt.index, "index"),
      status: count(receipt.status, "status"),
      gasUsed: count(receipt.gasUsed, "gasUsed"),
      fee: big(receipt.fee, "fee"),
    },
    inBlock: leafProof(proof.inBlock, "inBlock"),
  };
}
