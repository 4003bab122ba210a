import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Contract, FunctionFragment, Interface, type InterfaceAbi, type Provider, ZeroAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { delaysOf } from "./parameters.ts";
import {
  CONTRACT_NAMES,
  type Contracts,
  type Delays,
  HOLDERS,
  MANAGED,
  PERMISSIONS,
  ROLES,
  TIMELOCK_ROLES,
} from "./roles.ts";

/** ABIs by the contracts' names in the network file. */
export type Abis = ReadonlyMap<keyof Contracts, InterfaceAbi>;

/** The ABIs of all contracts of a network, from the build's artifacts. */
export async function abisOf(artifacts: ArtifactManager): Promise<Abis> {
  const abis = new Map<keyof Contracts, InterfaceAbi>();
  for (const [name, contract] of Object.entries(CONTRACT_NAMES)) {
    abis.set(name as keyof Contracts, [...(await artifacts.readArtifact(contract)).abi]);
  }
  return abis;
}

/** What `verifyRoles` found. */
export interface Report {
  /** No deviations. */
  readonly ok: boolean;
  readonly settlementChainId: number;
  readonly deployer: string;
  /** Members of AccessManager's roles, by the role's name or number. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Members of the timelock's roles. */
  readonly timelock: Readonly<Record<string, readonly string[]>>;
  /** Roles by contract and function, for functions that a role is named for. */
  readonly functions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Sentences, each about one thing that is not as the role table says. */
  readonly deviations: readonly string[];
}

const nameOfRole = (role: bigint): string =>
  Object.entries(ROLES).find(([, number]) => number === role)?.[0] ?? String(role);

/** Names in the network file of what a getter gives, where they differ. */
const WIRED_AS: Readonly<Record<string, keyof Contracts>> = { slasher: "slashing", authority: "access" };

/** Getters by which a contract names another of the network, with that one's name in the network file. */
function wiringOf(contract: Interface): (readonly [getter: string, wanted: keyof Contracts])[] {
  return contract.fragments.flatMap((fragment) => {
    if (!FunctionFragment.isFragment(fragment) || fragment.inputs.length > 0) return [];
    if (fragment.outputs.map(({ type }) => type).join() !== "address") return [];
    const wanted = WIRED_AS[fragment.name] ?? fragment.name;
    return wanted in CONTRACT_NAMES ? [[fragment.name, wanted as keyof Contracts] as const] : [];
  });
}

/**
 * Reads from the chain who may do what, and compares it with the role table: members of every role that was ever
 * granted, the role of every function of every contract, delays, and that the deployer kept nothing. Compares too whom
 * the contracts name as their modules with the network's addresses: a slasher that only custody knows is one that cannot
 * act.
 * @param fromBlock block from which the contracts' events are complete
 */
export async function verifyRoles(
  provider: Provider,
  contracts: Contracts,
  abis: Abis,
  delays: Delays,
  fromBlock: number,
): Promise<Report> {
  const deviations: string[] = [];
  const expect = (holds: boolean, sentence: string) => {
    if (!holds) deviations.push(sentence);
  };
  const open = (name: keyof Contracts) => new Contract(contracts[name], abis.get(name)!, provider);
  const known = new Map(Object.entries(contracts).map(([name, address]) => [address, name]));
  const called = (address: string) => known.get(address) ?? address;
  const access = open("access");
  const timelock = open("timelock");

  /** Everybody who was ever granted a role there, by role. */
  const granted = async (contract: Contract): Promise<Map<string, Set<string>>> => {
    const event = contract.interface.getEvent("RoleGranted")!;
    const found = new Map<string, Set<string>>();
    for (const log of await provider.getLogs({
      address: await contract.getAddress(),
      topics: [event.topicHash],
      fromBlock,
      toBlock: "latest",
    })) {
      const [role, account] = contract.interface.decodeEventLog(event, log.data, log.topics);
      const members = found.get(String(role)) ?? new Set();
      found.set(String(role), members.add(account as string));
    }
    return found;
  };

  const grants = await granted(access);
  const [deployer] = grants.get("0") ?? [ZeroAddress];
  const roles: Record<string, string[]> = {};
  const wanted = new Map(HOLDERS.map(({ role, holder }) => [role, contracts[holder]]));
  for (const role of new Set([...[...grants.keys()].map(BigInt), ...wanted.keys()])) {
    const members: string[] = [];
    for (const account of grants.get(String(role)) ?? []) {
      const [since] = await access.getFunction("getAccess")(role, account);
      if (since !== 0n) members.push(account);
    }
    const name = nameOfRole(role);
    roles[name] = members;
    const holder = wanted.get(role);
    for (const member of members) {
      expect(member === holder, `${called(member)} is in role ${name}`);
      if (member !== holder) continue;
      const [isMember, delay] = await access.getFunction("hasRole")(role, member);
      expect(isMember && delay === 0n, `${called(member)} is in role ${name}, but not at once`);
    }
    if (holder !== undefined) {
      expect(members.includes(holder), `${called(holder)} is not in role ${name}`);
    }
    const [admin, guardian] = await Promise.all([
      access.getFunction("getRoleAdmin")(role),
      access.getFunction("getRoleGuardian")(role),
    ]);
    expect(admin === ROLES.admin && guardian === ROLES.admin, `role ${name} has another admin or guardian`);
  }

  /** The last value of a delay that was set, in effect or about to be. */
  const lastDelay = async (event: string, topic: string, field: string): Promise<bigint> => {
    const fragment = access.interface.getEvent(event)!;
    const logs = await provider.getLogs({
      address: contracts.access,
      topics: [fragment.topicHash, topic],
      fromBlock,
      toBlock: "latest",
    });
    const last = logs.at(-1);
    return last === undefined
      ? 0n
      : (access.interface.decodeEventLog(fragment, last.data, last.topics)[field] as bigint);
  };
  const topicOf = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
  for (const role of Object.values(ROLES)) {
    const delay = await lastDelay("RoleGrantDelayChanged", topicOf(role), "delay");
    expect(delay >= delays.grant, `role ${nameOfRole(role)} is granted after ${delay} s`);
  }

  const functions: Record<string, Record<string, string>> = {};
  for (const name of Object.keys(CONTRACT_NAMES) as (keyof Contracts)[]) {
    const target = contracts[name];
    const contract = new Interface(abis.get(name)!);
    const expected = new Map(
      PERMISSIONS.filter((permission) => permission.contract === name).flatMap((permission) =>
        permission.functions.map((called) => [contract.getFunction(called)!.selector, permission.role]),
      ),
    );
    for (const fragment of contract.fragments) {
      if (fragment.type !== "function") continue;
      const signature = fragment.format("sighash");
      const { selector } = contract.getFunction(signature)!;
      const role = (await access.getFunction("getTargetFunctionRole")(target, selector)) as bigint;
      if (role !== ROLES.admin) functions[name] = { ...functions[name], [signature]: nameOfRole(role) };
      expect(
        role === (expected.get(selector) ?? ROLES.admin),
        `${name}.${signature} is role ${nameOfRole(role)}'s`,
      );
    }
    for (const [getter, wanted] of wiringOf(contract)) {
      const said = (await open(name).getFunction(getter)()) as string;
      expect(said === contracts[wanted], `${name}.${getter} is ${called(said)}`);
    }
    if (!MANAGED.includes(name)) continue;
    const delay = await lastDelay("TargetAdminDelayUpdated", topicOf(BigInt(target)), "delay");
    expect(delay >= delays.target, `who may call ${name} can be changed after ${delay} s`);
    expect(!(await access.getFunction("isTargetClosed")(target)), `${name} is closed`);
  }

  const inTimelock: Record<string, string[]> = {};
  const timelockGrants = await granted(timelock);
  const named = new Map<string, string>();
  for (const role of [...TIMELOCK_ROLES, "DEFAULT_ADMIN_ROLE"]) {
    named.set((await timelock.getFunction(role)()) as string, role);
  }
  for (const role of new Set([...named.keys(), ...timelockGrants.keys()])) {
    const members: string[] = [];
    for (const account of timelockGrants.get(role) ?? []) {
      if (await timelock.getFunction("hasRole")(role, account)) members.push(account);
    }
    const name = named.get(role) ?? role;
    inTimelock[name] = members;
    const holder = name === "DEFAULT_ADMIN_ROLE" ? contracts.timelock : contracts.governor;
    expect(
      members.length === 1 && members[0] === holder,
      `the timelock's ${name} has members ${members.map(called).join(", ")}`,
    );
  }
  const executor = (await open("governor").getFunction("timelock")()) as string;
  expect(executor === contracts.timelock, `the governor acts through ${called(executor)}`);

  return {
    ok: deviations.length === 0,
    settlementChainId: Number((await provider.getNetwork()).chainId),
    deployer: deployer!,
    roles,
    timelock: inTimelock,
    functions,
    deviations,
  };
}

/** Prints the report as JSON; fails if anything deviates. */
export default async function verifyRolesTask(
  args: { readonly networkFile: string },
  hre: HardhatRuntimeEnvironment,
): Promise<Report> {
  const { addresses, deployBlock, parameters } = JSON.parse(
    readFileSync(resolve(args.networkFile), "utf8"),
  ) as { addresses: Contracts; deployBlock: number; parameters: Parameters<typeof delaysOf>[0] };
  const { ethers } = await hre.network.create();
  const report = await verifyRoles(
    ethers.provider,
    addresses,
    await abisOf(hre.artifacts),
    delaysOf(parameters),
    deployBlock,
  );
  console.log(JSON.stringify(report, null, 2));
  if (!report.ok) throw new Error(`roles are not what they should be:\n- ${report.deviations.join("\n- ")}`);
  return report;
}
