/**
 * A compiler that stays warm, for scripts/mutate.ts: `hardhat build` would load the compiler anew for every mutant and
 * compile all contracts together. This process, started in a copy of the repository, keeps the compiler loaded,
 * generates code only for the contracts that import a changed file, however indirectly, and writes it over their
 * artifacts as Hardhat lays them out. All sources are analysed all the same: a change that breaks any of them does
 * not build.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";

/** Asks for the contracts with `text` in `file`. */
export interface CompileRequest {
  readonly file: string;
  readonly text: string;
}

/** The artifacts as they were, by path, or why there are no others. */
export type CompileAnswer =
  | { readonly built: true; readonly before: Readonly<Record<string, string>> }
  | { readonly built: false; readonly why: string };

/** Bytes of code that a chain accepts (EIP-170): a contract above it fails every test, which shows nothing. */
const MAX_CODE = 24_576;

const OUTPUTS = [
  "abi",
  "evm.bytecode.object",
  "evm.bytecode.linkReferences",
  "evm.deployedBytecode.object",
  "evm.deployedBytecode.linkReferences",
  "evm.deployedBytecode.immutableReferences",
];

interface Code {
  readonly object: string;
  readonly linkReferences?: object;
  readonly immutableReferences?: object;
}

interface Compiled {
  readonly abi: object;
  readonly evm: { readonly bytecode: Code; readonly deployedBytecode: Code };
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Compiled>>>>;
}

export interface CompilerInput {
  readonly language: string;
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
  readonly settings: object;
}

const OWN = "project/";

/** The input of the last builds in `artifacts`, with our own sources as they stand in `folder`. */
export function inputOf(artifacts: string, folder: string): CompilerInput {
  const builds = readdirSync(join(artifacts, "build-info")).filter((name) => !name.endsWith(".output.json"));
  const inputs = builds.map(
    (name) =>
      (
        JSON.parse(readFileSync(join(artifacts, "build-info", name), "utf8")) as {
          readonly input: CompilerInput;
        }
      ).input,
  );
  const [first] = inputs;
  if (first === undefined) throw new Error("the contracts are not built");
  const sources: Record<string, { content: string }> = {};
  for (const [name, source] of inputs.flatMap((input) => Object.entries(input.sources))) {
    const own = join(folder, name.slice(OWN.length));
    if (!name.startsWith(OWN)) sources[name] = source;
    else if (existsSync(own)) sources[name] = { content: readFileSync(own, "utf8") };
  }
  return { language: first.language, sources, settings: first.settings };
}

/** The sources that import `file`, however indirectly, and `file` itself. */
export function dependents(sources: CompilerInput["sources"], file: string): string[] {
  const imports = new Map(
    Object.entries(sources).map(([name, { content }]) => [
      name,
      [...content.matchAll(/\bimport\b[^;]*?"(\.[^"]+)"/g)].map((found) =>
        posix.join(posix.dirname(name), found[1] ?? ""),
      ),
    ]),
  );
  const reached = new Set([file]);
  // A set visits what is added to it meanwhile.
  for (const one of reached) {
    for (const [name, imported] of imports) if (imported.includes(one)) reached.add(name);
  }
  return [...reached];
}

/** Compiles changes of one file and puts what comes out into `folder`. */
export class Compiler {
  readonly #folder: string;
  readonly #input: CompilerInput;
  readonly #compile: (input: string) => string;

  constructor(artifacts: string, folder: string) {
    this.#folder = folder;
    this.#input = inputOf(artifacts, folder);
    this.#compile = (createRequire(import.meta.url)("solc") as { compile(input: string): string }).compile;
  }

  build({ file, text }: CompileRequest): CompileAnswer {
    const changed = `${OWN}${file}`;
    const wanted = dependents(this.#input.sources, changed);
    const output = JSON.parse(
      this.#compile(
        JSON.stringify({
          ...this.#input,
          sources: { ...this.#input.sources, [changed]: { content: text } },
          settings: {
            ...this.#input.settings,
            outputSelection: Object.fromEntries(wanted.map((name) => [name, { "*": OUTPUTS }])),
          },
        }),
      ),
    ) as Output;
    const error = output.errors?.find(({ severity }) => severity === "error");
    if (error !== undefined) return { built: false, why: error.formattedMessage };
    const after: Record<string, string> = {};
    const before: Record<string, string> = {};
    for (const [source, contracts] of Object.entries(output.contracts ?? {})) {
      for (const [name, { abi, evm }] of Object.entries(contracts)) {
        const path = join(this.#folder, "artifacts", source.slice(OWN.length), `${name}.json`);
        if (!existsSync(path)) continue;
        if (evm.deployedBytecode.object.length / 2 > MAX_CODE)
          return { built: false, why: `${name} is longer than a chain accepts` };
        const old = readFileSync(path, "utf8");
        const artifact = {
          ...(JSON.parse(old) as object),
          abi,
          bytecode: `0x${evm.bytecode.object}`,
          deployedBytecode: `0x${evm.deployedBytecode.object}`,
          linkReferences: evm.bytecode.linkReferences ?? {},
          deployedLinkReferences: evm.deployedBytecode.linkReferences ?? {},
          immutableReferences: evm.deployedBytecode.immutableReferences ?? {},
        };
        const made = JSON.stringify(artifact, null, 2);
        if (made === old) continue;
        before[path] = old;
        after[path] = made;
      }
    }
    if (Object.keys(after).length === 0) return { built: false, why: "compiles to the same code" };
    for (const [path, content] of Object.entries(after)) writeFileSync(path, content);
    return { built: true, before };
  }
}

if (import.meta.main) {
  const compiler = new Compiler(join(dirname(dirname(import.meta.dirname)), "artifacts"), process.cwd());
  process.on("message", (request: CompileRequest) => {
    process.send?.(compiler.build(request));
  });
  // Whoever started this process is gone.
  process.on("disconnect", () => process.exit());
}
