export interface Figure {
  readonly value: number;
  /** A unit as a reader writes it: "ms", "1/s", "gas". */
  readonly unit: string;
}
export interface Benchmark {
  /** One line for --list: what is measured, under which conditions. */
  readonly description: string;
  /** Measures; may print its progress to stderr, nothing to stdout. */
  run(argv: readonly string[]): Promise<Record<string, Figure>>;
}
/** Where the figures were measured. Memory in bytes. */
export declare function machine(): {
  cpu: string;
  cores: number;
  memory: number;
  node: string;
  os: string;
};
