/**
 * Writes docs/reference/: a page for each interface of contracts/interfaces, from its NatSpec. What has no notice, and a
 * field of a struct that says nothing, is an error: the reference is complete or there is none. `npm run codegen` runs it.
 *
 *     node scripts/reference.ts           writes the pages that differ
 *     node scripts/reference.ts --check   changes nothing, fails if one differs or a notice is missing
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { filesBelow } from "./files.ts";

const root = join(import.meta.dirname, "..");
const target = join(root, "docs", "reference");
const interfaces = join(root, "contracts", "interfaces");

interface Variable {
  readonly name: string;
  readonly typeDescriptions: { readonly typeString: string };
}

/** The part of the compiler's syntax tree that is read here. */
export interface Node {
  readonly nodeType: string;
  readonly name?: string;
  readonly documentation?: { readonly text: string } | null;
  readonly nodes?: readonly Node[];
  readonly members?: readonly Variable[];
  readonly parameters?: { readonly parameters: readonly Variable[] };
  readonly returnParameters?: { readonly parameters: readonly Variable[] };
  readonly stateMutability?: string;
  readonly contractKind?: string;
}

/** NatSpec of one item, its tags apart. */
export interface Notes {
  readonly title: string;
  readonly notice: string;
  readonly dev: string;
  readonly params: ReadonlyMap<string, string>;
  readonly returns: readonly string[];
}

/** Takes a documentation text apart into its tags; text before any tag is the notice. */
export function readNotes(text: string): Notes {
  const params = new Map<string, string>();
  const returns: string[] = [];
  const parts: Record<"title" | "notice" | "dev", string[]> = { title: [], notice: [], dev: [] };
  for (const part of text.split(/(?:^|\n)\s*@(?=[a-z])/)) {
    const [, tag = "", rest = ""] = /^(title|notice|dev|param|return)\s+([\s\S]*)$/.exec(part) ?? [
      "",
      "notice",
      part,
    ];
    // Lines of a paragraph are joined, empty lines stay.
    const body = rest
      .split(/\n\s*\n/)
      .map((paragraph) =>
        paragraph
          .split("\n")
          .map((line) => line.trim())
          .join(" ")
          .trim(),
      )
      .filter((paragraph) => paragraph !== "")
      .join("\n\n");
    if (tag === "param") {
      const [, name = "", what = ""] = /^(\S+)\s*([\s\S]*)$/.exec(body) ?? [];
      params.set(name, what);
    } else if (tag === "return") {
      returns.push(body);
    } else if (tag === "title" || tag === "dev") {
      parts[tag].push(body);
    } else if (body !== "") {
      parts.notice.push(body);
    }
  }
  const join = (list: readonly string[]): string => list.join("\n\n");
  return { title: join(parts.title), notice: join(parts.notice), dev: join(parts.dev), params, returns };
}

const typeOf = ({ typeDescriptions: { typeString } }: Variable): string =>
  typeString
    .replace(/^(struct|enum|contract) /, "")
    .replace(/ (calldata|memory|storage ref|storage pointer)$/, "");

const variables = (list: readonly Variable[] | undefined): string =>
  (list ?? []).map((variable) => `${typeOf(variable)} ${variable.name}`.trim()).join(", ");

const KINDS = [
  ["FunctionDefinition", "Functions"],
  ["EventDefinition", "Events"],
  ["ErrorDefinition", "Errors"],
  ["StructDefinition", "Structs"],
  ["EnumDefinition", "Enums"],
] as const;

function signature(node: Node): string {
  const { name = "" } = node;
  if (node.nodeType === "EnumDefinition") return `enum ${name}`;
  if (node.nodeType === "StructDefinition") return `struct ${name}`;
  const head = `${name}(${variables(node.parameters?.parameters)})`;
  if (node.nodeType === "EventDefinition") return `event ${head}`;
  if (node.nodeType === "ErrorDefinition") return `error ${head}`;
  const returned = variables(node.returnParameters?.parameters);
  const kind =
    node.stateMutability === "view" || node.stateMutability === "pure" ? ` ${node.stateMutability}` : "";
  return `function ${head}${kind}${returned === "" ? "" : ` returns (${returned})`}`;
}

function details(node: Node, notes: Notes): string[] {
  const lines: string[] = [];
  if (node.nodeType === "EnumDefinition") {
    lines.push(`Values: ${(node.members ?? []).map((member, i) => `${i} \`${member.name}\``).join(", ")}.`);
  }
  if (node.nodeType === "StructDefinition") {
    for (const member of node.members ?? []) {
      lines.push(`* \`${typeOf(member)} ${member.name}\` ${notes.params.get(member.name) ?? ""}`.trimEnd());
    }
    return lines;
  }
  for (const [name, what] of notes.params) lines.push(`* \`${name}\` ${what}`);
  const returned = node.returnParameters?.parameters ?? [];
  notes.returns.forEach((text, i) => {
    const name = returned[i]?.name ?? "";
    // A named return repeats its name at the start of the tag.
    const what = name !== "" && text.startsWith(`${name} `) ? text.slice(name.length + 1) : text;
    lines.push(`* returns${name === "" ? "" : ` \`${name}\``}: ${what}`);
  });
  return lines;
}

/** A page for one interface; `missing` collects the items that say nothing about themselves. */
export function pageOf(contract: Node, source: string, missing: string[]): string {
  const { name = "", documentation, nodes = [] } = contract;
  const head = readNotes(documentation?.text ?? "");
  if (head.notice === "") missing.push(`${source}: ${name}`);
  const lines = [
    `# ${name}`,
    "",
    `${head.title === "" ? "" : `${head.title}. `}[${source}](../../${source})`,
    "",
    head.notice,
    "",
  ];
  if (head.dev !== "") lines.push(head.dev, "");
  for (const [kind, title] of KINDS) {
    const items = nodes.filter((node) => node.nodeType === kind);
    if (items.length === 0) continue;
    lines.push(`## ${title}`, "");
    for (const item of items) {
      const notes = readNotes(item.documentation?.text ?? "");
      if (notes.notice === "") missing.push(`${source}: ${item.name ?? ""}`);
      if (item.nodeType === "StructDefinition") {
        for (const member of item.members ?? []) {
          if (!notes.params.has(member.name)) missing.push(`${source}: ${item.name ?? ""}.${member.name}`);
        }
      }
      lines.push(`### ${item.name ?? ""}`, "", "```solidity", signature(item), "```", "");
      if (notes.notice !== "") lines.push(notes.notice, "");
      if (notes.dev !== "") lines.push(notes.dev, "");
      const more = details(item, notes);
      if (more.length > 0) lines.push(...more, "");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

/** Syntax trees of all interfaces, by path from the root. */
function trees(): Map<string, Node> {
  const solc = createRequire(import.meta.url)("solc") as {
    compile(
      input: string,
      callbacks: { import(path: string): { contents: string } | { error: string } },
    ): string;
  };
  const files = filesBelow(interfaces, (name) => name.endsWith(".sol")).map((file) => relative(root, file));
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(
      files.map((file) => [file, { content: readFileSync(join(root, file), "utf8") }]),
    ),
    settings: { evmVersion: "osaka", outputSelection: { "*": { "": ["ast"] } } },
  };
  const find = (path: string): { contents: string } | { error: string } => {
    const file = [join(root, path), join(root, "node_modules", path)].find((candidate) =>
      existsSync(candidate),
    );
    return file === undefined ? { error: `no ${path}` } : { contents: readFileSync(file, "utf8") };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find })) as {
    errors?: { severity: string; formattedMessage: string }[];
    sources: Record<string, { ast: Node }>;
  };
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return new Map(files.map((file) => [file, output.sources[file]?.ast as Node]));
}

/** File names and contents that docs/reference/ should have, and what lacks a notice. */
export function generate(): { pages: Map<string, string>; missing: string[] } {
  const pages = new Map<string, string>();
  const missing: string[] = [];
  const index = new Map<string, string[]>();
  for (const [source, tree] of trees()) {
    for (const node of tree.nodes ?? []) {
      if (node.nodeType !== "ContractDefinition" || node.contractKind !== "interface") continue;
      const name = node.name ?? basename(source, ".sol");
      pages.set(`${name}.md`, pageOf(node, source, missing));
      const group = basename(dirname(source));
      const title = readNotes(node.documentation?.text ?? "").title;
      index.set(group, [
        ...(index.get(group) ?? []),
        `* [${name}](${name}.md)${title === "" ? "" : `: ${title}`}`,
      ]);
    }
  }
  const groups = [...index].map(([group, lines]) => `## ${group}\n\n${lines.join("\n")}\n`).join("\n");
  pages.set(
    "README.md",
    `# Reference of the contracts\n\nGenerated from the interfaces' NatSpec by \`npm run codegen\`; changes here are lost. What each contract promises, whom\nit trusts and which loops it has stands in [../contracts](../contracts).\n\n${groups}`,
  );
  return { pages, missing };
}

/** Writes what differs, or with `check` only tells; false if something is missing or, with `check`, differs. */
export function reference(check: boolean): boolean {
  const { pages, missing } = generate();
  for (const item of missing) console.error(`${item} has no notice`);
  const present = existsSync(target) ? readdirSync(target) : [];
  const differing = [...pages].filter(
    ([name, text]) => !present.includes(name) || readFileSync(join(target, name), "utf8") !== text,
  );
  const obsolete = present.filter((name) => !pages.has(name));
  if (check) {
    for (const [name] of differing) console.error(`docs/reference/${name} is not what the sources give`);
    for (const name of obsolete) console.error(`docs/reference/${name} describes nothing`);
    return differing.length + obsolete.length + missing.length === 0;
  }
  mkdirSync(target, { recursive: true });
  for (const [name, text] of differing) writeFileSync(join(target, name), text);
  for (const name of obsolete) rmSync(join(target, name));
  console.log(`docs/reference: ${pages.size} pages, ${differing.length} written, ${obsolete.length} removed`);
  return missing.length === 0;
}

if (import.meta.main) process.exitCode = reference(process.argv.includes("--check")) ? 0 : 1;
