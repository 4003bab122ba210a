import type { Address, Hash } from "@aitbc-hybrid/execution";
import { RpcError } from "./json-rpc.ts";

/** Bytes or a quantity as Ethereum's JSON-RPC writes them. */
export type Hex = `0x${string}`;

/** A quantity: hex without leading zeros. */
export function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}

/** Bytes as hex. */
export function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/** @throws {RpcError} INVALID_PARAMS */
export function addressParam(value: unknown, name: string): Address {
  return hexParam(value, name, 20);
}

/** @throws {RpcError} INVALID_PARAMS */
export function hashParam(value: unknown, name: string): Hash {
  return hexParam(value, name, 32);
}

/** Hex bytes of any length. @throws {RpcError} INVALID_PARAMS */
export function bytesParam(value: unknown, name: string): Uint8Array {
  if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value))
    throw invalid(name, "bytes in hex with 0x");
  return Buffer.from(value.slice(2), "hex");
}

/** A quantity in hex or a plain integer. @throws {RpcError} INVALID_PARAMS unless a safe integer */
export function numberParam(value: unknown, name: string): number {
  const number = typeof value === "string" && /^0x[0-9a-fA-F]{1,14}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) {
    throw invalid(name, "a quantity in hex, or an integer");
  }
  return number;
}

/** A quantity of up to 256 bits in hex. @throws {RpcError} INVALID_PARAMS */
export function bigintParam(value: unknown, name: string): bigint {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{1,64}$/.test(value))
    throw invalid(name, "a quantity in hex");
  return BigInt(value);
}

/** A parameter's fields. @throws {RpcError} INVALID_PARAMS unless an object */
export function objectParam(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "an object");
  return value as Readonly<Record<string, unknown>>;
}

function hexParam(value: unknown, name: string, bytes: number): Hex {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]*$/.test(value) || value.length !== 2 + 2 * bytes) {
    throw invalid(name, `${bytes} bytes in hex with 0x`);
  }
  return value.toLowerCase() as Hex;
}

function invalid(name: string, expected: string): RpcError {
  return new RpcError("INVALID_PARAMS", `${name} must be ${expected}`);
}
