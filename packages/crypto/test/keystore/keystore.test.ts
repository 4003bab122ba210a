import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createKeystore,
  type Keystore,
  kindOf,
  openKeystore,
  parseKeystore,
  publicKeyOf,
  randomSecret,
} from "../../src/keystore/index.ts";
import { passwordBytes } from "../../src/keystore/password.ts";
import { fixture, hex, secret } from "../support/fixtures.ts";

interface Eip2335 {
  readonly password: string;
  readonly encodedPassword: string;
  readonly secret: string;
  readonly scrypt: Keystore;
  readonly pbkdf2: Keystore;
}

const known = fixture<Eip2335>("eip2335");
const CHEAP = { function: "scrypt", n: 2 } as const;
const NAME = "/keys/signing.json";

describe("keystores (EIP-2335)", () => {
  it("encodes the known password", () => {
    assert.deepEqual(passwordBytes(known.password), hex(known.encodedPassword));
    assert.deepEqual(passwordBytes("a\u0000b\u001fc\u007fd\u0080e\u009ff g"), passwordBytes("abcdef g"));
  });

  for (const kdf of ["scrypt", "pbkdf2"] as const) {
    it(`opens the known ${kdf} keystore`, async () => {
      const keystore = parseKeystore(JSON.stringify(known[kdf]), NAME);
      assert.deepEqual(await openKeystore(keystore, known.password, NAME), hex(known.secret));
    });
  }

  for (const kind of ["bls12-381", "secp256k1"] as const) {
    for (const kdf of [CHEAP, { function: "pbkdf2", c: 2 } as const]) {
      it(`gives back a ${kind} secret encrypted with ${kdf.function}`, async () => {
        const key = randomSecret(kind);
        const made = await createKeystore(key, "pass word", {
          kind,
          kdf,
          path: "m/1",
          description: "test",
        });
        const read = parseKeystore(JSON.stringify(made), NAME);
        assert.equal(kindOf(read), kind);
        assert.equal(read.pubkey, Buffer.from(publicKeyOf(kind, key)).toString("hex"));
        assert.deepEqual([read.path, read.description, read.version], ["m/1", "test", 4]);
        assert.ok(!JSON.stringify(made).includes(Buffer.from(key).toString("hex")));
        assert.deepEqual(await openKeystore(read, "pass word", NAME), key);
        await assert.rejects(openKeystore(read, "pass wore", NAME), { code: "KEYSTORE_PASSWORD" });
      });
    }
  }

  it("never uses a salt, an initial vector or a name twice", async () => {
    const [a, b] = await Promise.all(
      [1, 2].map(() => createKeystore(secret(5), "password", { kind: "bls12-381", kdf: CHEAP })),
    );
    assert.notEqual(a!.crypto.kdf.params.salt, b!.crypto.kdf.params.salt);
    assert.notEqual(a!.crypto.cipher.params.iv, b!.crypto.cipher.params.iv);
    assert.notEqual(a!.uuid, b!.uuid);
  });

  it("refuses empty passwords, impossible secrets and costs it would not read back", async () => {
    const options = { kind: "bls12-381", kdf: CHEAP } as const;
    await assert.rejects(createKeystore(secret(1), "\u0000", options), { code: "PASSWORD_EMPTY" });
    await assert.rejects(createKeystore(secret(0), "p", options), { code: "SECRET_INVALID" });
    await assert.rejects(createKeystore(secret(0), "p", { ...options, kind: "secp256k1" }), {
      code: "SECRET_INVALID",
    });
    for (const n of [0, 1, 3, 2 ** 30]) {
      const kdf = { function: "scrypt", n } as const;
      await assert.rejects(createKeystore(secret(1), "p", { ...options, kdf }), {
        code: "KEYSTORE_UNSUPPORTED",
      });
    }
  });
});

describe("damaged keystores", () => {
  const good = JSON.stringify(known.scrypt);
  /** The keystore with another value at a path; undefined: without what stands there. */
  const change = (path: string, value: unknown): string => {
    const keystore: Record<string, unknown> = JSON.parse(good);
    const names = path.split(".");
    const last = names.pop()!;
    const within = names.reduce((object, name) => object[name] as Record<string, unknown>, keystore);
    within[last] = value;
    return JSON.stringify(keystore);
  };
  const refused = (text: string, code: string) =>
    assert.throws(
      () => parseKeystore(text, NAME),
      (error: Error & { code: string }) => {
        assert.equal(error.code, code);
        assert.ok(error.message.includes(NAME), "the sentence names the file");
        assert.match(error.message, /Restore it|Export the key/);
        return true;
      },
    );

  it("are named and come with a remedy", () => {
    for (const text of ["", good.slice(0, -1), "null", "[]", "{}", '{"crypto":{}}']) {
      refused(text, "KEYSTORE_CORRUPTED");
    }
    for (const [path, value] of [
      ["crypto.kdf", undefined],
      ["crypto.kdf.params.salt", undefined],
      ["crypto.checksum.message", "ab"],
      ["crypto.cipher.message", `zz${known.scrypt.crypto.cipher.message.slice(2)}`],
      ["crypto.cipher.params.iv", ""],
      ["pubkey", known.scrypt.pubkey.slice(2)],
      ["pubkey", undefined],
      ["uuid", undefined],
    ] as const)
      refused(change(path, value), "KEYSTORE_CORRUPTED");
  });

  it("are told from ones of another format", () => {
    for (const [path, value] of [
      ["version", 3],
      ["crypto.kdf.function", "argon2"],
      ["crypto.checksum.function", "md5"],
      ["crypto.cipher.function", "aes-256-gcm"],
      ["kind", "ed25519"],
      // Costs that would exhaust memory or never end.
      ["crypto.kdf.params.n", 2 ** 24],
      ["crypto.kdf.params.r", 2 ** 20],
      ["crypto.kdf.params.p", 1000],
      [
        "crypto.kdf",
        {
          function: "pbkdf2",
          params: { dklen: 32, c: 2 ** 30, prf: "hmac-sha256", salt: "00" },
          message: "",
        },
      ],
    ] as const)
      refused(change(path, value), "KEYSTORE_UNSUPPORTED");
  });

  it("do not open: changed cipher text, checksum, or public key", async () => {
    const made = await createKeystore(secret(5), "password", { kind: "bls12-381", kdf: CHEAP });
    const other = await createKeystore(secret(6), "password", { kind: "bls12-381", kdf: CHEAP });
    const { crypto } = made;
    const wrong: [Keystore, string][] = [
      [
        { ...made, crypto: { ...crypto, cipher: { ...crypto.cipher, message: "00".repeat(32) } } },
        "KEYSTORE_PASSWORD",
      ],
      [
        { ...made, crypto: { ...crypto, checksum: { ...crypto.checksum, message: "00".repeat(32) } } },
        "KEYSTORE_PASSWORD",
      ],
      [{ ...made, pubkey: other.pubkey }, "KEYSTORE_CORRUPTED"],
    ];
    for (const [keystore, code] of wrong) {
      await assert.rejects(
        openKeystore(keystore, "password", NAME),
        (error: Error & { code: string }) => error.code === code && error.message.includes(NAME),
      );
    }
  });
});
