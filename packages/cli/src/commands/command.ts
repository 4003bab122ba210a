/** Wraps an action so that its exit code becomes the program's. */
export type Run = <A extends unknown[]>(
  action: (...given: A) => Promise<number>,
) => (...given: A) => Promise<void>;

/** Prints an object as JSON, or through `text` for people. */
export function print(json: boolean, value: object, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value, bigints)}\n` : `${text()}\n`);
}

const bigints = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? value.toString() : value;
