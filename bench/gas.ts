import { join } from "node:path";
import type { GasFigures } from "../test/support/gas.ts";

export const description =
  "gas of the contracts' transactions on Hardhat's EVM; --write renews docs/gas.json";

/** Measures with 7, 21, 100 and 1,000 seats, real keys and signatures. */
export async function run(
  argv: readonly string[],
): Promise<Record<string, { value: number; unit: "gas" | "bytes" }>> {
  // Hardhat looks for its configuration from the working directory as soon as it is loaded.
  process.chdir(join(import.meta.dirname, ".."));
  const { measureGas, writeTable } = await import("../test/support/gas.ts");
  const figures: GasFigures = await measureGas([7, 21, 100], { thousand: true });
  if (argv.includes("--write")) writeTable(figures);
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      { value, unit: name === "maxContractBytes" ? "bytes" : "gas" },
    ]),
  );
}
