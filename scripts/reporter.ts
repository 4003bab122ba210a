/**
 * Reporter for `node --test` that writes one JSON object a line, read by scripts/test.ts: each test as it ends,
 * what tests print, and how long files took.
 */
import { relative, resolve } from "node:path";
import { inspect } from "node:util";

export type ReportLine =
  | { kind: "pass" }
  | { kind: "skip"; name: string; where: string }
  | { kind: "fail"; name: string; where: string; error: string }
  | { kind: "empty"; where: string }
  | { kind: "file"; where: string; ms: number }
  | { kind: "print"; where: string; text: string };

interface TestData {
  name: string;
  nesting: number;
  file?: string;
  line?: number;
  message?: string;
  skip?: string | boolean;
  todo?: string | boolean;
  details?: {
    type?: string;
    duration_ms?: number;
    error?: { failureType?: string; cause?: unknown; message?: string };
  };
}

const fileOf = (data: TestData): string =>
  data.file === undefined ? "" : relative(process.cwd(), data.file);
const place = (data: TestData): string =>
  data.line === undefined ? fileOf(data) : `${fileOf(data)}:${data.line}`;

/** What is to be said about one event of the runner, if anything. */
export function lineOf(type: string, data: TestData): ReportLine | null {
  const isFile = data.file !== undefined && resolve(data.name ?? "") === data.file;
  switch (type) {
    case "test:pass":
      if (data.details?.type === "suite") return null;
      if (isFile) return { kind: "empty", where: fileOf(data) };
      if (data.skip !== undefined || data.todo !== undefined) {
        return { kind: "skip", name: data.name, where: place(data) };
      }
      return { kind: "pass" };
    case "test:fail": {
      const error = data.details?.error;
      // The parent of a failed test fails too; the child says why.
      if (error?.failureType === "subtestsFailed") return null;
      const cause = error?.cause ?? error;
      return {
        kind: "fail",
        name: data.name,
        where: place(data),
        error: typeof cause === "string" ? cause : inspect(cause),
      };
    }
    case "test:complete":
      // Its process, with what it imports.
      return isFile ? { kind: "file", where: fileOf(data), ms: data.details?.duration_ms ?? 0 } : null;
    case "test:stdout":
    case "test:stderr":
      return {
        kind: "print",
        where: fileOf(data),
        text: data.message ?? "",
      };
    default:
      return null;
  }
}

export default async function* report(
  source: AsyncIterable<{ type: string; data: TestData }>,
): AsyncGenerator<string, void> {
  for await (const { type, data } of source) {
    const line = lineOf(type, data);
    if (line !== null) yield `${JSON.stringify(line)}\n`;
  }
}
