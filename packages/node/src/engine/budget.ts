import type { Millis, Peer } from "@aitbc-hybrid/protocol";

export interface BudgetOptions {
  /** Messages that a peer may send at once. */
  readonly burst: number;
  /** Messages that a peer may send in the long run, per ms. */
  readonly rate: number;
}

interface Account {
  left: number;
  /** Refused in a row. */
  refused: number;
  at: Millis;
}

/**
 * How many votes and aggregates are taken from each peer: honest ones stay far below. Beyond, messages are dropped
 * unread; a peer of whom a whole burst had to be dropped floods.
 */
export class PeerBudget {
  readonly #options: BudgetOptions;
  readonly #accounts = new Map<Peer, Account>();

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Takes one message in, drops it, or finds that the peer floods. */
  spend(peer: Peer, now: Millis): "taken" | "dropped" | "flood" {
    const { burst, rate } = this.#options;
    let account = this.#accounts.get(peer);
    if (account === undefined) {
      account = { left: burst, refused: 0, at: now };
      this.#accounts.set(peer, account);
    }
    const gained = rate * Math.max(0, now - account.at);
    account.at = now;
    account.left = Math.min(burst, account.left + gained);
    if (account.left >= 1) {
      account.left--;
      account.refused = 0;
      return "taken";
    }
    account.refused++;
    if (account.refused < burst) return "dropped";
    this.#accounts.delete(peer);
    return "flood";
  }

  /** The peer is gone. */
  forget(peer: Peer): void {
    this.#accounts.delete(peer);
  }
}
