/** 32 bytes as `0x` and 64 lower-case hexadecimal digits: hashes, roots and domains compare with `===`. */
export type Hash = `0x${string}`;

/** Any bytes as `0x` and lower-case hexadecimal digits. */
export type Hex = `0x${string}`;

/** Index of a validator in an epoch's registry, 0..1023 (contracts.md, snapshots). */
export type Seat = number;

/** Milliseconds since 1970. Safe integers throughout. */
export type Millis = number;

/** The all-zero hash: "nothing" in a hashed field. */
export const ZERO_HASH: Hash = `0x${"00".repeat(32)}`;

/** The three modes in the order of their wire value (protocol.md section 2). */
export const MODES = ["fast", "balanced", "secure"] as const;
export type Mode = (typeof MODES)[number];

/** Wire value of a mode: 0 Fast, 1 Balanced, 2 Secure. */
export const modeIndex = (mode: Mode): 0 | 1 | 2 => (mode === "fast" ? 0 : mode === "balanced" ? 1 : 2);

/** Most seats a registry can have; bitmaps are bounded by it. */
export const MAX_SEATS = 1024;
