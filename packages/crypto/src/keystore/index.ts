export { openKeystoreFile, readKeystoreFile, writeKeystoreFile } from "./files.ts";
export { type KeyKind, type Keystore, kindOf, parseKeystore } from "./format.ts";
export { DEFAULT_KDF, type Kdf } from "./kdf.ts";
export {
  createKeystore,
  type KeystoreOptions,
  openKeystore,
  publicKeyOf,
  randomSecret,
} from "./keystore.ts";
export { createMnemonic, mnemonicSeed, signingKeyPath } from "./mnemonic.ts";
export { readPasswordFile } from "./password.ts";
