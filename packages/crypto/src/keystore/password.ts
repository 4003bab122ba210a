import { readFile } from "node:fs/promises";
import { CryptoError } from "../errors.ts";
import { reasonOf } from "./reason.ts";

/** A password as EIP-2335 encodes it: NFKD, without C0, C1 and Delete, in UTF-8. */
export function passwordBytes(password: string): Uint8Array {
  const kept = [...password.normalize("NFKD")].filter((character) => {
    const code = character.codePointAt(0)!;
    return code > 0x1f && !(code >= 0x7f && code <= 0x9f);
  });
  return new TextEncoder().encode(kept.join(""));
}

/**
 * The password in a file: its content without the line end that editors add. Passwords come from files or prompts, never
 * from arguments, which other users of the machine can read. Throws PASSWORD_UNREADABLE, PASSWORD_EMPTY.
 */
export async function readPasswordFile(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new CryptoError(
      "PASSWORD_UNREADABLE",
      `The password file ${path} cannot be read (${reasonOf(cause)}). Check the path and its owner.`,
      { cause },
    );
  }
  const password = text.replace(/\r?\n$/, "");
  if (passwordBytes(password).length === 0) {
    throw new CryptoError(
      "PASSWORD_EMPTY",
      `The password file ${path} is empty. Write the password into it.`,
    );
  }
  return password;
}
