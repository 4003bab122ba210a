import { expect } from "chai";
import { Interface, type InterfaceAbi, id, zeroPadValue } from "ethers";
import { artifacts, network } from "hardhat";
import { CONTRACT_NAMES, type Contracts, handOverCalls, ROLES } from "../../tasks/roles.ts";
import { abisOf } from "../../tasks/verify-roles.ts";
import { loadCore, startedCore } from "../support/core.ts";

const connection = await network.create();

/** As on a network whose founder started the chain and handed over. */
const handedOver = async () => {
  const core = await startedCore(connection);
  await core.access.revokeRole(ROLES.modules, core.deployer.address);
  const abis = await abisOf(artifacts);
  await core.access.multicall(handOverCalls((name) => abis.get(name)!, core.deployer.address));
  return core;
};
const load = () => loadCore(connection, handedOver);

describe("attack: whoever deployed keeps a key", () => {
  it("no restricted function of any contract listens to the deployer", async () => {
    const core = await load();
    let refused = 0;
    for (const [name, contract] of Object.entries(CONTRACT_NAMES)) {
      const { abi } = await artifacts.readArtifact(contract);
      const fragments = new Interface(abi as InterfaceAbi);
      for (const item of abi as { type: string; name: string }[]) {
        if (item.type !== "function") continue;
        for (const { selector } of fragments.fragments
          .filter((each) => each.type === "function" && (each as { name?: string }).name === item.name)
          .map((each) => fragments.getFunction(each.format("sighash"))!)) {
          const role = await core.access.getTargetFunctionRole(
            core.addresses[name as keyof Contracts],
            selector,
          );
          if (role === ROLES.admin) continue;
          const { immediate, delay } = await core.access.canCall(
            core.deployer.address,
            core.addresses[name as keyof Contracts],
            selector,
          );
          expect([immediate, delay], `${name}.${item.name}`).to.deep.equal([false, 0n]);
          refused++;
        }
      }
    }
    expect(refused).to.be.greaterThan(20);
  });

  it("nor does AccessManager, nor the timelock", async () => {
    const core = await load();
    const { access, timelock, deployer } = core;
    await expect(access.grantRole(ROLES.governance, deployer.address, 0)).to.be.revertedWithCustomError(
      access,
      "AccessManagerUnauthorizedAccount",
    );
    await expect(access.updateAuthority(core.addresses.pool, deployer.address)).to.be.revertedWithCustomError(
      access,
      "AccessManagerUnauthorizedAccount",
    );
    for (const role of ["PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"]) {
      expect(await timelock.hasRole(id(role), deployer.address)).to.equal(false);
    }
    expect(await timelock.hasRole(zeroPadValue("0x", 32), deployer.address)).to.equal(false);
    await expect(timelock.updateDelay(0)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnauthorizedCaller",
    );
    expect(await core.token.balanceOf(deployer.address)).to.be.greaterThan(0n);
    expect(core.token.interface.getFunction("mint" as never)).to.equal(null);
  });
});
