import { expect } from "chai";
import { Interface, type InterfaceAbi, id } from "ethers";
import hre, { artifacts, network } from "hardhat";
import { probePrecompiles } from "../../tasks/probe.ts";
import { CONTRACT_NAMES, type Contracts, PERMISSIONS, ROLES, roleCalls } from "../../tasks/roles.ts";
import { type Core, deployCore, loadCore } from "../support/core.ts";

const connection = await network.create();
const { ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const fresh = () => deployCore(connection);

describe("precompile probe", () => {
  const call = async (to: string, data: string) => ethers.provider.call({ to, data });

  it("is content with this chain", async () => {
    expect(await probePrecompiles(call)).to.deep.equal([]);
  });

  it("names what is missing", async () => {
    const faults = await probePrecompiles(async () => "0x");
    expect(faults.some((fault) => fault.startsWith("PAIRING accepts"))).to.equal(true);
    expect(faults.some((fault) => fault.includes("refuses"))).to.equal(false);
  });

  it("finds every precompile that is lax", async () => {
    const lax = async (to: string, data: string) => {
      try {
        return await call(to, data);
      } catch {
        return `0x${"00".repeat(31)}01`;
      }
    };
    const faults = await probePrecompiles(lax);
    expect(faults.length).to.equal(8);
    expect(faults.every((fault) => fault.includes("refuses"))).to.equal(true);
  });
});

describe("roles", () => {
  /** Functions of a contract that nobody but a role may call, told by what they refuse to a stranger. */
  async function restricted(core: Core, name: keyof Contracts): Promise<string[]> {
    const { abi } = await artifacts.readArtifact(CONTRACT_NAMES[name]);
    const contract = new Interface(abi as InterfaceAbi);
    const refusal = id("AccessManagedUnauthorized(address)").slice(0, 10);
    const names: string[] = [];
    for (const fragment of abi as { type: string; name: string; stateMutability: string }[]) {
      if (fragment.type !== "function" || fragment.stateMutability !== "nonpayable") continue;
      const { selector } = contract.getFunction(fragment.name)!;
      const data = `${selector}${"00".repeat(32 * 80)}`;
      const error = await core.connection.ethers.provider
        .call({ to: core.addresses[name], data, from: core.others[10]!.address })
        .then(
          () => "",
          (thrown: { data?: string; cause?: { data?: string } }) => thrown.data ?? thrown.cause?.data ?? "",
        );
      if (typeof error === "string" && error.startsWith(refusal)) names.push(fragment.name);
    }
    return names.sort();
  }

  it("cover every restricted function, and no other", async () => {
    const core = await load(fresh);
    for (const name of Object.keys(CONTRACT_NAMES) as (keyof Contracts)[]) {
      if (name === "access") continue;
      const named = PERMISSIONS.filter(({ contract }) => contract === name).flatMap(
        ({ functions }) => functions,
      );
      // AccessManaged's own: only AccessManager itself may call it.
      const expected = [...named, ...(named.length === 0 ? [] : ["setAuthority"])].sort();
      expect(await restricted(core, name), name).to.deep.equal(expected);
    }
  });

  it("leave a deployer that hands over without any power", async () => {
    const core = await load(fresh);
    const heir = core.others[4]!;
    const abis = new Map<string, InterfaceAbi>();
    for (const [name, contract] of Object.entries(CONTRACT_NAMES)) {
      abis.set(name, (await artifacts.readArtifact(contract)).abi as InterfaceAbi);
    }
    await core.access.revokeRole(ROLES.governance, core.deployer.address);
    await core.access.multicall(
      roleCalls(core.addresses, (name) => abis.get(name)!, heir.address, core.deployer.address),
    );
    for (const role of Object.values(ROLES)) {
      expect((await core.access.hasRole(role, core.deployer.address)).isMember).to.equal(false);
    }
    expect((await core.access.hasRole(ROLES.admin, heir.address)).isMember).to.equal(true);
    expect((await core.access.hasRole(ROLES.governance, heir.address)).isMember).to.equal(true);
    expect((await core.access.hasRole(ROLES.slasher, core.addresses.slashing)).isMember).to.equal(true);
    expect((await core.access.hasRole(ROLES.checkpoints, core.addresses.checkpoints)).isMember).to.equal(
      true,
    );
  });
});

describe("sizes", () => {
  it("no contract is above 22,000 bytes", async () => {
    for (const name of [
      ...Object.values(CONTRACT_NAMES),
      "Sealing",
      "SnapshotLens",
      "Delegations",
      "StakeViews",
    ]) {
      const { deployedBytecode } = await artifacts.readArtifact(name);
      // Instrumented code is larger.
      const most = hre.globalOptions.coverage ? 44_000 : 22_000;
      expect((deployedBytecode.length - 2) / 2, name).to.be.at.most(most);
    }
  });
});
