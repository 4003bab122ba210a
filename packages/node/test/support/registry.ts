import { createHash } from "node:crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { DEVNET_PARAMS, fromHex, type Hash, type Registry, snapshotHash } from "@aitbc-hybrid/protocol";

/** BLS secrets of a test's validators. */
export function secretOf(name: string): Uint8Array {
  const secret = Uint8Array.from(createHash("sha256").update(name).digest());
  secret[0]! &= 0x3f;
  return secret;
}

export const sign = (name: string, root: Hash): Uint8Array => nativeBls.sign(secretOf(name), fromHex(root));

/** A registry of these validators in this order, the first `authorities` of them authorities; all back. */
export function registryOf(names: readonly string[], authorities = names.length): Registry {
  const contents = {
    entries: names.map((name, i) => {
      const key = nativeBls.parseKey(nativeBls.publicKey(secretOf(name)));
      return { validatorId: i + 1, key: key.bytes, keyBytes: key.uncompressed, stake: 1_000n };
    }),
    authorities,
    suspended: new Set<number>(),
    backing: new Set(names.keys()),
    params: DEVNET_PARAMS,
  };
  return { ...contents, root: snapshotHash(contents) };
}
