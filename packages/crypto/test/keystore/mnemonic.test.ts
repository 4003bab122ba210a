import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMnemonic, mnemonicSeed, signingKeyPath } from "../../src/keystore/index.ts";

const VALID = `${"abandon ".repeat(11)}about`;

describe("mnemonics (BIP-39)", () => {
  it("have 24 words and are never the same", async () => {
    const [a, b] = [createMnemonic(), createMnemonic()];
    assert.equal(a.split(" ").length, 24);
    assert.notEqual(a, b);
    assert.equal((await mnemonicSeed(a)).length, 64);
  });

  it("are read whatever their spaces and case", async () => {
    const untidy = `  ${VALID.toUpperCase().replaceAll(" ", "\n  ")} `;
    assert.deepEqual(await mnemonicSeed(untidy), await mnemonicSeed(VALID));
    assert.notDeepEqual(await mnemonicSeed(VALID, "x"), await mnemonicSeed(VALID));
  });

  it("are refused with the word that is wrong, or because they do not fit", async () => {
    await assert.rejects(mnemonicSeed(VALID.replace("about", "abuot")), {
      code: "MNEMONIC_INVALID",
      message: /"abuot"/,
    });
    await assert.rejects(mnemonicSeed(VALID.replace("about", "abandon")), {
      code: "MNEMONIC_INVALID",
      message: /do not fit/,
    });
  });

  it("lead to one path per signing key", () => {
    assert.equal(signingKeyPath(3), "m/12381/3600/3/0/0");
  });
});
