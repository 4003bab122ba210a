import { createServer } from "node:net";
import { DevnetError } from "./errors.ts";

function listenOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve()));
  });
}

/**
 * Where free ports are looked for: below the range from which systems take the local ends of outgoing connections
 * (32,768 and up on Linux), which could take a port between its choice and its use.
 */
const FREE_FROM = 20_000;
const FREE_BELOW = 32_000;
const TRIES = 64;

/**
 * `count` contiguous TCP ports on loopback: from `base`, or free ones where `base` is null.
 * @throws DevnetError PORT_IN_USE naming the port and what to do.
 */
export async function choosePorts(base: number | null, count: number): Promise<number[]> {
  if (base !== null) return portsFrom(base, count);
  for (let tries = 1; ; tries++) {
    const candidate = FREE_FROM + Math.floor(Math.random() * (FREE_BELOW - FREE_FROM - count));
    try {
      return await portsFrom(candidate, count);
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

async function portsFrom(base: number, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = base; port < base + count; port++) {
    try {
      await listenOnce(port);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" && code !== "EACCES") throw cause;
      throw new DevnetError(
        "PORT_IN_USE",
        `port ${port} on 127.0.0.1 is in use${code === "EACCES" ? " or not permitted" : ""}: stop what listens there ` +
          `(perhaps another devnet), or start with --port-base N to use ${count} other ports from N on`,
        { cause },
      );
    }
    ports.push(port);
  }
  return ports;
}
