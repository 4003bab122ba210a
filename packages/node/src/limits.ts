import type { Millis } from "@aitbc-hybrid/protocol";

export interface BucketOptions {
  /** What each client may ask for a second, on average; 0: as much as it likes. */
  readonly perSecond: number;
  /** What it may ask for at once after a pause. */
  readonly burst: number;
}

/** Clients remembered: of whom nothing was heard for longest is forgotten first. */
const REMEMBERED = 10_000;

/** A token, in what a client with one token a second earns in a millisecond: bigger shares earn whole ones too. */
const TOKEN = 1_000;

interface Bucket {
  parts: number;
  at: Millis;
}

/** Token buckets, one a client: who asks for more than its share waits, whoever else asks does not. */
export class TokenBuckets {
  readonly #options: BucketOptions;
  readonly #clock: () => Millis;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BucketOptions, clock: () => Millis) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Takes a token; 0 if there was one, else how long until there is, ms. */
  take(client: string): Millis {
    const bucket = this.#bucketOf(client);
    if (bucket === null) return 0;
    const wait = this.#until(bucket.parts);
    if (wait === 0) bucket.parts -= TOKEN;
    return wait;
  }

  /** Takes a token that may not be there yet; how long until it is, ms. Later ones come after it. */
  reserve(client: string): Millis {
    const bucket = this.#bucketOf(client);
    if (bucket === null) return 0;
    const wait = this.#until(bucket.parts);
    bucket.parts -= TOKEN;
    return wait;
  }

  /** How long until there is a whole token. */
  #until(parts: number): Millis {
    return parts >= TOKEN ? 0 : Math.ceil((TOKEN - parts) / this.#options.perSecond);
  }

  #bucketOf(client: string): Bucket | null {
    const { perSecond, burst } = this.#options;
    if (perSecond === 0) return null;
    const now = this.#clock();
    const known = this.#buckets.get(client);
    const bucket = known ?? { parts: TOKEN * burst, at: now };
    // A clock that was set back gives nothing.
    const earned = perSecond * Math.max(0, now - bucket.at);
    bucket.parts = Math.min(TOKEN * burst, bucket.parts + earned);
    bucket.at = now;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > REMEMBERED) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}
