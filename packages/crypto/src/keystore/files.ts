import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { CryptoError } from "../errors.ts";
import { type KeyKind, type Keystore, kindOf, parseKeystore } from "./format.ts";
import { openKeystore } from "./keystore.ts";
import { reasonOf } from "./reason.ts";

/**
 * Writes a keystore for its owner alone (mode 0600), atomically and durably: after a crash the file is the old one or the
 * new one, never half of it. Refuses to replace a file unless `overwrite` (KEYSTORE_EXISTS). Throws KEYSTORE_WRITE.
 */
export async function writeKeystoreFile(
  path: string,
  keystore: Keystore,
  options: { readonly overwrite?: boolean } = {},
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify(keystore, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.overwrite) await rename(temporary, path);
    // A link fails where a file is: no window in which another writer's key could be lost.
    else await link(temporary, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") {
      throw new CryptoError(
        "KEYSTORE_EXISTS",
        `There is a keystore at ${path} already. Move it away first, or choose another path.`,
        { cause },
      );
    }
    throw new CryptoError(
      "KEYSTORE_WRITE",
      `The keystore ${path} could not be written (${reasonOf(cause)}). Free space or change the path, then try again.`,
      { cause },
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Reads a keystore without opening it. Throws KEYSTORE_MISSING, _UNREADABLE, _CORRUPTED, _UNSUPPORTED. */
export async function readKeystoreFile(path: string): Promise<Keystore> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      throw new CryptoError(
        "KEYSTORE_MISSING",
        `There is no keystore at ${path}. Check the path, or create the key first.`,
        { cause },
      );
    }
    throw new CryptoError(
      "KEYSTORE_UNREADABLE",
      `The keystore ${path} cannot be read (${reasonOf(cause)}). Check its owner and mode.`,
      { cause },
    );
  }
  return parseKeystore(text, path);
}

/**
 * The secret in the keystore at `path`, which must hold a key of `kind` (KEYSTORE_KIND). Errors are those of
 * `readKeystoreFile` and `openKeystore`.
 */
export async function openKeystoreFile(path: string, password: string, kind: KeyKind): Promise<Uint8Array> {
  const keystore = await readKeystoreFile(path);
  if (kindOf(keystore) !== kind) {
    throw new CryptoError(
      "KEYSTORE_KIND",
      `The keystore ${path} holds a ${kindOf(keystore)} key where a ${kind} key is needed. Check the paths in the configuration.`,
    );
  }
  return openKeystore(keystore, password, path);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
