/** A check of the rules taken away, and the test that must notice. `npm run mutate -- protocol` applies them one at a time. */
export interface Mutant {
  readonly name: string;
  /** Path from the repository's root of the source that is changed. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What a key or a network could do without the check. */
  readonly opens: string;
  /** Path from the repository's root of the test file that must fail. */
  readonly test: string;
}
