import { keyWords, pureBls, signatureWords } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { type Hash, possessionRoot } from "@aitbc-hybrid/protocol";
import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { expect } from "chai";
import { getBytes, hexlify } from "ethers";
import { network } from "hardhat";
import { type Core, loadCore, possession, secretOf, startedCore } from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);
const G1 = curve.G1.Point;

const pointOf = (bytes: Uint8Array) => G1.fromHex(hexlify(bytes).slice(2));

describe("attack: a key made from others' keys", () => {
  it("a key that cancels a victim's in their sum cannot be registered without its own secret", async () => {
    const core = await load(started);
    const attacker = core.others[3]!;
    const victim = core.members.get(1)!;
    const secret = secretOf("attacker");
    const own = pointOf(pureBls.parseKey(nativeBls.publicKey(secret)).uncompressed);
    const rogue = own.subtract(pointOf(victim.keyBytes));
    const keyBytes = rogue.toBytes(false);
    // Together they would sign with the attacker's secret alone.
    expect(rogue.add(pointOf(victim.keyBytes)).equals(own)).to.equal(true);
    const id = Number(await core.registry.validatorCount()) + 1;
    const root = possessionRoot({
      settlementChainId: Number((await connection.ethers.provider.getNetwork()).chainId),
      registryAddress: core.addresses.registry.toLowerCase() as Hash,
      validatorId: id,
      keyBytes,
    });
    const key = keyWords(keyBytes);
    expect(await core.registry.possessionMessage(id, key)).to.equal(hexlify(getBytes(root)));
    const proofs = [
      signatureWords(nativeBls.provePossession(secret, getBytes(root))),
      possession(core, "attacker", id).proof,
      possession(core, "attacker", victim.id).proof,
    ];
    for (const proof of proofs) {
      await expect(
        core.registry.connect(attacker).register(attacker.address, attacker.address, key, proof, ""),
      ).to.be.revertedWithCustomError(core.registry, "ValidatorRegistryBadPossession");
    }
  });

  it("nor can the victim's own key, with the proof that the victim showed", async () => {
    const core = await load(started);
    const attacker = core.others[3]!;
    const victim = core.members.get(1)!;
    const shown = signatureWords(
      nativeBls.provePossession(
        victim.secret,
        getBytes(await core.registry.possessionMessage(1, keyWords(victim.keyBytes))),
      ),
    );
    await expect(
      core.registry
        .connect(attacker)
        .register(attacker.address, attacker.address, keyWords(victim.keyBytes), shown, ""),
    ).to.be.revertedWithCustomError(core.registry, "ValidatorRegistryKeyUsed");
  });
});
