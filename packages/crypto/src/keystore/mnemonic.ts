import { generateMnemonic, mnemonicToSeed, validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english";
import { CryptoError } from "../errors.ts";

/** A new mnemonic of 24 English words (BIP-39, 256 bits). Show it once, ask it back, never store it. */
export function createMnemonic(): string {
  return generateMnemonic(wordlist, 256);
}

/**
 * The seed (64 bytes) of a mnemonic, from which `secretAt` derives keys. Spaces and case are forgiven, a wrong word or a
 * wrong checksum is not: MNEMONIC_INVALID.
 */
export async function mnemonicSeed(mnemonic: string, passphrase = ""): Promise<Uint8Array> {
  const words = mnemonic.normalize("NFKD").trim().toLowerCase().split(/\s+/);
  const phrase = words.join(" ");
  if (!validateMnemonic(phrase, wordlist)) {
    const unknown = words.find((word) => !wordlist.includes(word));
    const why =
      unknown === undefined ? "its words do not fit together" : `"${unknown}" is no word of the list`;
    throw new CryptoError(
      "MNEMONIC_INVALID",
      `This is no mnemonic: ${why}. Check the words and their order.`,
    );
  }
  return mnemonicToSeed(phrase, passphrase);
}

/** The path of a validator's signing key (EIP-2334), one per index from 0. */
export const signingKeyPath = (index: number): string => `m/12381/3600/${index}/0/0`;
