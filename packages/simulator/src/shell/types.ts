import type { Block, Hash, Input, Message, Millis, Peer, Registry } from "@aitbc-hybrid/protocol";
import type { Clock, EventQueue, Network } from "../events/index.ts";
import type { Observer } from "../observer.ts";
import type { Random } from "../random.ts";
import type { Rules, RulesConfig, RulesView } from "../rules.ts";
import type { Settlement } from "../settlement/index.ts";
import type { Keyring } from "../signatures.ts";

/** An input without its time, which the shell adds. */
export type Timeless = Input extends infer I ? (I extends unknown ? Omit<I, "now"> : never) : never;

/** What a byzantine node does with its keys and its wire. */
export interface Behaviour {
  /** What leaves for `to` in place of a message that the rules send. */
  outgoing?(wire: Wire, to: Peer, message: Message): readonly Message[];
  /** Sees everything that arrives; false keeps it from the rules. */
  incoming?(wire: Wire, from: Peer, message: Message): boolean;
  /** Batches of its own proposals: malformed, or given to few. */
  readonly batches?: "malformed" | "withheld";
  /** As leader of an epoch's last block it names a registry that the contracts do not show. */
  readonly candidate?: "wrong";
  /** It takes nothing of the contracts' inbox, and expects nobody to. */
  readonly censorsInbox?: boolean;
}

/** The means of a {@link Behaviour}. */
export interface Wire {
  readonly peer: Peer;
  readonly peers: readonly Peer[];
  readonly random: Random;
  /** The own replica's view of things; null before it started. */
  view(): RulesView | null;
  /** Signs anything with the node's key. */
  sign(root: Hash): Uint8Array;
  /** Sends without the rules' consent. */
  send(to: Peer, message: Message): void;
  later(delay: Millis, run: () => void): void;
}

/** Where batches are, for everybody. */
export interface BatchStore {
  /** Names a new batch of a node. */
  create(owner: Peer, kind: "plain" | "malformed" | "withheld"): Hash;
  /** Notes the batch that holds the forced entries from one number to below another. */
  force(digest: Hash, from: number, to: number): void;
  /** Time until a node holds all batches of a block, and the first of its forced entries; null: some are malformed. */
  obtain(peer: Peer, block: Block): { readonly delay: Millis; readonly inboxFrom: number | null } | null;
}

/** Deliberate breaches of the shell's duties: the harness must notice each (test of the instrument). */
export interface ShellFaults {
  /** Signatures and sends do not wait for the disk. */
  readonly sendsBeforeDurable?: boolean;
  /** A restarted replica does not get its own signatures back. */
  readonly forgetsSigned?: boolean;
  /** A restarted replica does not get certificates back. */
  readonly forgetsCertificates?: boolean;
}

export interface ShellOptions {
  readonly peer: Peer;
  readonly validator: number;
  readonly config: RulesConfig;
  readonly registry: Registry;
  /** Usual time of a task of the process (verification, execution, payload), low and high. */
  readonly task: readonly [Millis, Millis];
  readonly flush: readonly [Millis, Millis];
  readonly clock: () => Clock;
  /** Messages travel as bytes. */
  readonly wire: boolean;
  /** Every step runs twice, and both runs must agree. */
  readonly twice: boolean;
  readonly faults: ShellFaults;
  readonly behaviour: Behaviour | null;
  /** Signs no checkpoints: its owner does not stand by what the authorities do. */
  readonly refuses: boolean;
  /** Bytes a block takes of its capacity. */
  readonly used: (block: Block) => number;
}

export interface ShellModules {
  readonly rules: Rules;
  readonly queue: EventQueue;
  readonly network: Network;
  readonly settlement: Settlement;
  readonly keyring: Keyring;
  readonly batches: BatchStore;
  readonly random: Random;
  readonly observer: Observer;
  readonly registryOf: (root: Hash) => Registry | undefined;
  /** K of a domain. */
  readonly termViewsOf: (domain: Hash) => number;
}
