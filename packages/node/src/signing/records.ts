import { type Hash, Reader, type VoteKind, Writer } from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";

/** Lines of the protection's log. Numbers of kinds are never reused. */
export type ProtectionRecord =
  /** A domain that may be signed in. */
  | {
      readonly type: "domain";
      readonly domain: Hash;
      readonly epoch: number;
      readonly incarnation: number;
      readonly termViews: number;
    }
  /** Nothing is signed in earlier incarnations, nor in this one's epochs below. */
  | { readonly type: "floor"; readonly incarnation: number; readonly epoch: number }
  /**
   * Nothing is signed in the domain's views up to `view`, nor checkpoints up to `height`, nor RESTART of views below
   * `bound`: the highest that a FINALIZE or a checkpoint named.
   */
  | {
      readonly type: "mark";
      readonly domain: Hash;
      readonly view: number;
      readonly height: number;
      readonly bound: number;
    }
  | {
      readonly type: "vote";
      readonly domain: Hash;
      readonly kind: VoteKind;
      readonly view: number;
      readonly parentView: number;
      readonly blockHash: Hash;
    }
  | {
      readonly type: "checkpoint";
      readonly domain: Hash;
      readonly height: number;
      readonly view: number;
      readonly root: Hash;
    }
  /** Nothing else is signed in the domain from here on, nor in the next epoch's of the same incarnation. */
  | { readonly type: "restart"; readonly domain: Hash; readonly view: number; readonly blockHash: Hash };

/** Stands for a view that a record of an earlier version does not tell: no RESTART is above it. */
const ANY_VIEW = Number.MAX_SAFE_INTEGER;

const KINDS: readonly VoteKind[] = ["notarize", "finalize", "nullify"];

export function encodeRecord(record: ProtectionRecord): Uint8Array {
  const writer = new Writer(96);
  switch (record.type) {
    case "domain":
      writer
        .u8(6)
        .hash(record.domain)
        .u64(record.epoch, "epoch")
        .u32(record.incarnation, "incarnation")
        .u32(record.termViews, "termViews");
      break;
    case "floor":
      writer.u8(7).u32(record.incarnation, "incarnation").u64(record.epoch, "epoch");
      break;
    case "mark":
      writer
        .u8(8)
        .hash(record.domain)
        .u64(record.view, "view")
        .u64(record.height, "height")
        .u64(record.bound, "bound");
      break;
    case "vote":
      writer
        .u8(4)
        .hash(record.domain)
        .u8(KINDS.indexOf(record.kind))
        .u64(record.view, "view")
        .u64(record.parentView, "parentView")
        .hash(record.blockHash);
      break;
    case "checkpoint":
      writer
        .u8(9)
        .hash(record.domain)
        .u64(record.height, "height")
        .u64(record.view, "view")
        .hash(record.root);
      break;
    case "restart":
      writer.u8(10).hash(record.domain).u64(record.view, "view").hash(record.blockHash);
      break;
  }
  return writer.done().slice();
}

/** @throws NodeError PROTECTION_INVALID */
export function decodeRecord(bytes: Uint8Array): ProtectionRecord {
  const reader = new Reader(bytes);
  const record = read(reader);
  reader.end("protection record");
  return record;
}

function read(reader: Reader): ProtectionRecord {
  const tag = reader.u8("tag");
  switch (tag) {
    // 1 to 3 and 5 are of a version that took part in no recovery: every domain is of the first incarnation.
    case 1:
      return {
        type: "domain",
        domain: reader.hash(),
        epoch: reader.u64("epoch"),
        incarnation: 0,
        termViews: reader.u32("termViews"),
      };
    case 2:
      return { type: "floor", incarnation: 0, epoch: reader.u64("epoch") };
    case 3: {
      const [domain, view, height] = [reader.hash(), reader.u64("view"), reader.u64("height")];
      return { type: "mark", domain, view, height, bound: view > 0 || height > 0 ? ANY_VIEW : 0 };
    }
    case 4: {
      const domain = reader.hash();
      const kind = KINDS[reader.u8("kind")];
      if (kind === undefined) break;
      return {
        type: "vote",
        domain,
        kind,
        view: reader.u64("view"),
        parentView: reader.u64("parentView"),
        blockHash: reader.hash(),
      };
    }
    case 5:
      return {
        type: "checkpoint",
        domain: reader.hash(),
        height: reader.u64("height"),
        view: ANY_VIEW,
        root: reader.hash(),
      };
    case 6:
      return {
        type: "domain",
        domain: reader.hash(),
        epoch: reader.u64("epoch"),
        incarnation: reader.u32("incarnation"),
        termViews: reader.u32("termViews"),
      };
    case 7:
      return { type: "floor", incarnation: reader.u32("incarnation"), epoch: reader.u64("epoch") };
    case 8:
      return {
        type: "mark",
        domain: reader.hash(),
        view: reader.u64("view"),
        height: reader.u64("height"),
        bound: reader.u64("bound"),
      };
    case 9:
      return {
        type: "checkpoint",
        domain: reader.hash(),
        height: reader.u64("height"),
        view: reader.u64("view"),
        root: reader.hash(),
      };
    case 10:
      return { type: "restart", domain: reader.hash(), view: reader.u64("view"), blockHash: reader.hash() };
  }
  throw new NodeError("PROTECTION_INVALID", `a record of the slashing protection has the unknown tag ${tag}`);
}
