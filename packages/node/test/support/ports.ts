import { createServer, type Server } from "node:net";

/**
 * Below the range from which systems take the local ends of outgoing connections, which could take the port of a node
 * that is down for a moment, and below the devnet's. A process that uses a block of them listens on its last one.
 */
const FROM = 10_240;
const BELOW = 18_400;
const BLOCK = 32;

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** Ports of the loopback interface that are free, and are nobody else's among the tests until this process ends. */
export async function freePorts(count: number): Promise<number[]> {
  const blocks = Math.floor((BELOW - FROM) / BLOCK);
  const first = Math.floor(Math.random() * blocks);
  for (let at = 0; at < blocks; at++) {
    const begin = FROM + BLOCK * ((first + at) % blocks);
    const ports = Array.from({ length: count }, (_, i) => begin + i);
    const held = await listen(begin + BLOCK - 1).catch(() => null);
    if (held === null) continue;
    held.unref();
    try {
      for (const port of ports) await close(await listen(port));
      return ports;
    } catch {
      await close(held);
    }
  }
  throw new Error(`no ${count} free ports`);
}
