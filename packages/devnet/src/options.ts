import { MODES, type Mode } from "@aitbc-hybrid/protocol";
import { DevnetError } from "./errors.ts";

/** What a devnet is asked to be. All fields have defaults: {@link parseDuration} and {@link checkOptions} refuse the rest. */
export interface DevnetOptions {
  /** Authority validators, 4 to 21. */
  readonly authorities: number;
  /** Staker validators, 3 to 79 (Balanced seats 100). */
  readonly stakers: number;
  /** Mode it begins in; load and availability may change it, never to a less secure one. */
  readonly mode: Mode;
  /** End by itself this long after the first final block; null: run until stopped. */
  readonly forMs: number | null;
  /** Where keys, chains and logs live. */
  readonly folder: string;
  /** Wipe the folder first. */
  readonly reset: boolean;
  /** First of a contiguous range of TCP ports; null takes free ones. */
  readonly portBase: number | null;
  /** Transfers the wallet sends a second, in all. */
  readonly rate: number;
  /** One authority signs two conflicting votes and is slashed. */
  readonly misbehave: boolean;
  /** One staker is killed with SIGKILL and restarted. */
  readonly kill: boolean;
}

/** Ports a devnet of `validators` needs, from the base: settlement, then RPC, then peer-to-peer. */
export const portsNeeded = (validators: number): number => 1 + 2 * validators;

/** Default first port. Chosen away from the defaults of anvil (8545), Hardhat and common web servers. */
export const DEFAULT_PORT_BASE = 18_600;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration such as `500ms`, `30s`, `5m` or `1h`.
 * @throws DevnetError OPTION for any other text.
 */
export function parseDuration(text: string, field: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : UNITS[match[2]];
  const ms = match === null || unit === undefined ? Number.NaN : Math.round(Number(match[1]) * unit);
  if (!Number.isFinite(ms) || ms <= 0) {
    throw new DevnetError("OPTION", `${field} is "${text}": give a duration such as 30s, 5m or 1h`);
  }
  return ms;
}

/** @throws DevnetError OPTION naming the field, the value and the range. */
export function checkOptions(options: DevnetOptions): void {
  const range = (field: string, value: number, low: number, high: number): void => {
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new DevnetError("OPTION", `${field} is ${value}: give a whole number from ${low} to ${high}`);
    }
  };
  range("--authorities", options.authorities, 4, 21);
  range("--stakers", options.stakers, 3, 79);
  range("--rate", options.rate, 1, 20_000);
  if (options.portBase !== null) {
    range("--port-base", options.portBase, 1024, 65_536 - portsNeeded(options.authorities + options.stakers));
  }
  if (!MODES.includes(options.mode)) {
    throw new DevnetError("OPTION", `--mode is "${options.mode}": give one of ${MODES.join(", ")}`);
  }
}
