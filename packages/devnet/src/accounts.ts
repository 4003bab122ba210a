import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import {
  createKeystore,
  openKeystoreFile,
  randomSecret,
  readPasswordFile,
  writeKeystoreFile,
} from "@aitbc-hybrid/crypto/keystore";
import { toHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { Folder } from "./folder.ts";

/**
 * Cost of a devnet's keystores: low, because its password lies beside them. Real validators use the default of
 * @aitbc-hybrid/crypto.
 */
const DEVNET_KDF = { function: "scrypt", n: 1024 } as const;

/** The keys of one devnet: made once, then opened with the password in its folder. */
export class Accounts {
  readonly #folder: Folder;
  readonly #password: string;

  private constructor(folder: Folder, password: string) {
    this.#folder = folder;
    this.#password = password;
  }

  static async open(folder: Folder): Promise<Accounts> {
    if (!existsSync(folder.password)) folder.write(folder.password, `${randomBytes(16).toString("hex")}\n`);
    return new Accounts(folder, await readPasswordFile(folder.password));
  }

  /** The secret in the keystore at `path`, made when there is none. @throws CryptoError KEYSTORE_*. */
  async secret(path: string, kind: "bls12-381" | "secp256k1"): Promise<Uint8Array> {
    if (!existsSync(path)) {
      const keystore = await createKeystore(randomSecret(kind), this.#password, { kind, kdf: DEVNET_KDF });
      await writeKeystoreFile(path, keystore);
    }
    return openKeystoreFile(path, this.#password, kind);
  }

  /** A named account of the devnet: "deployer", "delegator", "test", "wallet". */
  async account(name: string): Promise<PrivateKeyAccount> {
    return privateKeyToAccount(toHex(await this.secret(this.#folder.account(name), "secp256k1")));
  }
}
