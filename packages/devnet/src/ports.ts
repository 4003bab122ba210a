import { createServer, type Server } from "node:net";
import { DevnetError } from "./errors.ts";

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1" }, () => resolve(server));
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** Ports of a devnet, and how to give them back. */
export interface Ports {
  readonly numbers: readonly number[];
  release(): Promise<void>;
}

/**
 * Where free ports are looked for: below the range from which systems take the local ends of outgoing connections
 * (32,768 and up on Linux), which could take a port between its choice and its use. It is used in blocks, and whoever
 * uses a block listens on its last port meanwhile: of two devnets that start at once neither takes the other's.
 */
const FREE_FROM = 20_480;
const FREE_BELOW = 32_000;
const BLOCK = 256;

/**
 * `count` contiguous TCP ports on loopback: from `base`, or free ones where `base` is null.
 * @throws DevnetError PORT_IN_USE naming the port and what to do.
 */
export async function choosePorts(base: number | null, count: number): Promise<Ports> {
  if (base !== null) return { numbers: await portsFrom(base, count), release: async () => {} };
  const blocks = Math.floor((FREE_BELOW - FREE_FROM) / BLOCK);
  const first = Math.floor(Math.random() * blocks);
  for (let at = 0; ; at++) {
    const begin = FREE_FROM + BLOCK * ((first + at) % blocks);
    try {
      const held = await free(begin + BLOCK - 1, count, () => listen(begin + BLOCK - 1));
      try {
        const numbers = await portsFrom(begin, count);
        return { numbers, release: () => close(held) };
      } catch (error) {
        await close(held);
        throw error;
      }
    } catch (error) {
      if (at + 1 === blocks) throw error;
    }
  }
}

async function portsFrom(base: number, count: number): Promise<number[]> {
  const ports = Array.from({ length: count }, (_, at) => base + at);
  for (const port of ports) await free(port, count, async () => close(await listen(port)));
  return ports;
}

/** @throws DevnetError PORT_IN_USE if `use` finds the port in use. */
async function free<T>(port: number, count: number, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
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
}
