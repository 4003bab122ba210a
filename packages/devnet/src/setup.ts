import { pureBls } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { DEVNET_PARAMS, fromHex, type Mode, modeIndex } from "@aitbc-hybrid/protocol";
import {
  admit,
  depositBond,
  enter,
  handOver,
  type Network,
  register,
  type Sender,
  setConsensus,
  startChain,
  transferTokens,
} from "@aitbc-hybrid/sdk";
import { createWalletClient, http, type PublicClient } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { SettlementChain } from "./anvil.ts";

const COIN = 10n ** 18n;
/** Coins of the settlement chain for an operator's gas. */
export const GAS_MONEY = 10_000n * COIN;
/** Bond of an authority: the least that is admitted (parameters.md). */
const AUTHORITY_BOND = 10_000n * COIN;
/**
 * Bond of a devnet's stakers: equal, so that the set goes on without any one of them and without one authority, whose
 * joint stake counts as a fifth of theirs.
 */
const STAKER_BOND = 20_000n * COIN;

/** A validator to be brought in. */
export interface Candidate {
  readonly name: string;
  readonly role: "authority" | "staker";
  readonly operator: PrivateKeyAccount;
  readonly blsSecret: Uint8Array;
}

/** Someone who sends on the settlement chain. */
export function senderOf(client: PublicClient, url: string, account: PrivateKeyAccount): Sender {
  return {
    client,
    account,
    wallet: createWalletClient({ account, transport: http(url, { retryCount: 0 }) }),
  };
}

/**
 * Brings validators in through the contracts, as anybody would: tokens, possession proved on-chain, bond, admission of
 * authorities, seats.
 * @returns Their numbers in ValidatorRegistry, in the order of `candidates`.
 */
export async function bringIn(
  chain: SettlementChain,
  client: PublicClient,
  network: Network,
  deployer: Sender,
  candidates: readonly Candidate[],
  progress: (text: string) => void,
): Promise<number[]> {
  await chain.fund(
    candidates.map(({ operator }) => operator.address),
    GAS_MONEY,
  );
  const numbers: number[] = [];
  for (const [at, candidate] of candidates.entries()) {
    progress(`${candidate.name} (${at + 1} of ${candidates.length})`);
    const sender = senderOf(client, chain.url, candidate.operator);
    const key = nativeBls.publicKey(candidate.blsSecret);
    const { validator } = await register(sender, network, {
      withdrawal: candidate.operator.address,
      metadata: candidate.name,
      key: {
        keyBytes: pureBls.parseKey(key).uncompressed,
        prove: (root) => nativeBls.provePossession(candidate.blsSecret, fromHex(root)),
      },
    });
    const bond = candidate.role === "authority" ? AUTHORITY_BOND : STAKER_BOND;
    await transferTokens(deployer, network, candidate.operator.address, bond);
    if (candidate.role === "authority") await admit(deployer, network, validator);
    await depositBond(sender, network, validator, bond);
    numbers.push(validator);
  }
  await enter(deployer, network, numbers);
  return numbers;
}

/** Starts the chain at real time in `mode` (which governance's floor then keeps it from falling below), takes the deployer's powers away, and lets the settlement chain mine by the clock from then on. */
export async function startAtRealTime(
  chain: SettlementChain,
  deployer: Sender,
  network: Network,
  mode: Mode,
  stateRoot: `0x${string}`,
): Promise<void> {
  // The devnet's parameters ask for Balanced at least. R_0 is sealed by what is in force when the chain starts.
  if (mode !== "balanced")
    await setConsensus(deployer, network, { ...DEVNET_PARAMS, modeFloor: modeIndex(mode) });
  await chain.alignClock();
  await startChain(deployer, network, mode, stateRoot);
  await handOver(deployer, network);
  await chain.mineByTheClock();
}
