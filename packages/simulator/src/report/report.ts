/** What a study gives to read. */
export interface Report {
  readonly html: string;
  readonly csv: string;
  /** The same as plain data. */
  readonly data: unknown;
  /** What came out otherwise than it must. */
  readonly failed: readonly string[];
  /** Parts whose jobs are not all done. */
  readonly unfinished: number;
}
