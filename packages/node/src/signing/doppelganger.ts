import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  fromHex,
  hashOf,
  type Message,
  type Registry,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";

/**
 * Listens, before anything is signed here, whether somebody else signs with the own key: a validator started twice, or
 * moved without stopping the old one, would be slashed. Silence proves nothing; a vote is proof.
 */
export class Doppelganger {
  readonly #publicKey: Uint8Array;
  readonly #seat: number;
  #found: string | null = null;

  /** @param registry of the epoch that is expected to run */
  constructor(publicKey: Uint8Array, registry: Registry) {
    this.#publicKey = publicKey;
    this.#seat = registry.entries.findIndex((entry) => Buffer.compare(entry.key, publicKey) === 0);
  }

  /** What was seen of another one; null: nothing so far. */
  get found(): string | null {
    return this.#found;
  }

  /** Looks at a peer's message. */
  observe(message: Message): void {
    if (this.#found !== null) return;
    if (message.type !== "vote" && message.type !== "proposal") return;
    const signed = message.type === "vote" ? message.vote : message.proposal;
    if (signed.seat !== this.#seat) return;
    const { domain, epoch, view, parentView, signature } = signed;
    const body: VoteBody =
      message.type === "vote"
        ? message.vote
        : { kind: "notarize", view, parentView, blockHash: hashOf(message.proposal.block) };
    if (!nativeBls.verify(this.#publicKey, fromHex(voteRoot(domain, body)), signature)) return;
    this.#found = `a ${body.kind} of view ${view} in epoch ${epoch}`;
  }
}
