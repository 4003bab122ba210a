import { keyWords, signatureWords } from "@aitbc-hybrid/crypto";
import { type Hash, possessionRoot } from "@aitbc-hybrid/protocol";
import { type Address, parseEventLogs } from "viem";
import { electionsAbi, validatorRegistryAbi } from "../abi/index.ts";
import { SdkError } from "../errors.ts";
import type { Network } from "../network.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

/** A BLS key that can prove its possession, wherever its secret is kept. */
export interface PossessedKey {
  /** x | y, 96 bytes. */
  readonly keyBytes: Uint8Array;
  /** Signs under the possession tag; compressed, 96 bytes. */
  prove(root: Hash): Promise<Uint8Array> | Uint8Array;
}

export interface Registration {
  /** Owner of the bond. */
  readonly withdrawal: Address;
  /** Votes in governance; undefined: the withdrawal address. */
  readonly vote?: Address;
  /** Shown to others (a name, a URL). */
  readonly metadata: string;
  readonly key: PossessedKey;
}

/**
 * Opens an identity and proves its key in one transaction; the sender becomes the operator.
 * @throws SdkError REVERTED (a used key, somebody else took the number meanwhile: try again).
 */
export async function register(
  sender: Sender,
  network: Network,
  registration: Registration,
): Promise<Sent & { readonly validator: number }> {
  const address = network.addresses.registry;
  const count = await sender.client.readContract({
    address,
    abi: validatorRegistryAbi,
    functionName: "validatorCount",
  });
  const root = possessionRoot({
    settlementChainId: network.chainId,
    registryAddress: address.toLowerCase() as Address,
    validatorId: Number(count) + 1,
    keyBytes: registration.key.keyBytes,
  });
  const sent = await transact(sender, {
    address,
    abi: validatorRegistryAbi,
    functionName: "register",
    args: [
      registration.withdrawal,
      registration.vote ?? "0x0000000000000000000000000000000000000000",
      keyWords(registration.key.keyBytes),
      signatureWords(await registration.key.prove(root)),
      registration.metadata,
    ],
  });
  const [event] = parseEventLogs({ abi: validatorRegistryAbi, logs: [...sent.logs], eventName: "KeySet" });
  if (event === undefined)
    throw new SdkError("TRANSACTION_FAILED", "register left no KeySet event: wrong contract?");
  return { ...sent, validator: Number(event.args.validator) };
}

/** Makes a staker an authority. The sender needs governance's role. */
export function admit(sender: Sender, network: Network, validator: number): Promise<Sent> {
  return transact(sender, {
    address: network.addresses.registry,
    abi: validatorRegistryAbi,
    functionName: "admit",
    args: [BigInt(validator)],
  });
}

/** Proposes validators for seats: at once before genesis, else from the next seal on. */
export function enter(sender: Sender, network: Network, validators: readonly number[]): Promise<Sent> {
  return transact(sender, {
    address: network.addresses.elections,
    abi: electionsAbi,
    functionName: "enter",
    args: [validators.map(BigInt)],
  });
}
