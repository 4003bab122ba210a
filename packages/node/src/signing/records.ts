import { type Hash, Reader, type VoteKind, Writer } from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";

/** Lines of the protection's log. Numbers of kinds are never reused. */
export type ProtectionRecord =
  /** A domain that may be signed in. */
  | { readonly type: "domain"; readonly domain: Hash; readonly epoch: number; readonly termViews: number }
  /** Nothing is signed in epochs below. */
  | { readonly type: "floor"; readonly epoch: number }
  /** Nothing is signed in the domain's views up to `view`, nor checkpoints up to `height`. */
  | { readonly type: "mark"; readonly domain: Hash; readonly view: number; readonly height: number }
  | {
      readonly type: "vote";
      readonly domain: Hash;
      readonly kind: VoteKind;
      readonly view: number;
      readonly parentView: number;
      readonly blockHash: Hash;
    }
  | { readonly type: "checkpoint"; readonly domain: Hash; readonly height: number; readonly root: Hash };

const KINDS: readonly VoteKind[] = ["notarize", "finalize", "nullify"];

export function encodeRecord(record: ProtectionRecord): Uint8Array {
  const writer = new Writer(96);
  switch (record.type) {
    case "domain":
      writer.u8(1).hash(record.domain).u64(record.epoch, "epoch").u32(record.termViews, "termViews");
      break;
    case "floor":
      writer.u8(2).u64(record.epoch, "epoch");
      break;
    case "mark":
      writer.u8(3).hash(record.domain).u64(record.view, "view").u64(record.height, "height");
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
      writer.u8(5).hash(record.domain).u64(record.height, "height").hash(record.root);
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
    case 1:
      return {
        type: "domain",
        domain: reader.hash(),
        epoch: reader.u64("epoch"),
        termViews: reader.u32("termViews"),
      };
    case 2:
      return { type: "floor", epoch: reader.u64("epoch") };
    case 3:
      return { type: "mark", domain: reader.hash(), view: reader.u64("view"), height: reader.u64("height") };
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
      return { type: "checkpoint", domain: reader.hash(), height: reader.u64("height"), root: reader.hash() };
  }
  throw new NodeError("PROTECTION_INVALID", `a record of the slashing protection has the unknown tag ${tag}`);
}
