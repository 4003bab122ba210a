/** A vote of the Quint model: a block in a view, with the view of the parent it was proposed on. */
export interface ModelVote {
  readonly view: number;
  readonly block: number;
  readonly parentView: number;
}

/**
 * A step of the Quint model. Blocks are numbered, block 0 is the last one before the model begins. Whatever a node signs
 * is of the epoch and incarnation that it is in, but for RESTART, which is of the recovery that is open.
 */
export type ModelAction =
  | { readonly do: "propose"; readonly block: number; readonly parent: number }
  | { readonly do: "enter" | "nullify"; readonly node: number; readonly view: number }
  | ({ readonly do: "notarize" | "finalize"; readonly node: number } & ModelVote)
  | { readonly do: "checkpoint"; readonly node: number; readonly block: number }
  /** The next epoch begins for the node after this block. */
  | { readonly do: "begin"; readonly node: number; readonly block: number }
  /** Its clock passes the lease that backing renews; the one that the settlement chain renews. */
  | { readonly do: "lapse" | "cut"; readonly node: number }
  | { readonly do: "restart"; readonly node: number; readonly view: number; readonly block: number }
  /** It learns of the activation. */
  | { readonly do: "resume"; readonly node: number }
  | { readonly do: "accept"; readonly block: number }
  | { readonly do: "open" | "grace" }
  | { readonly do: "post" | "activate"; readonly view: number; readonly block: number }
  /** The contracts take the node's stake out of the count. */
  | { readonly do: "leak"; readonly node: number };

type Name = ModelAction["do"];

const LETTERS: Readonly<Record<string, Name>> = {
  P: "propose",
  E: "enter",
  X: "nullify",
  N: "notarize",
  F: "finalize",
  C: "checkpoint",
  B: "begin",
  L: "lapse",
  U: "cut",
  S: "restart",
  R: "resume",
  A: "accept",
  O: "open",
  G: "grace",
  W: "post",
  V: "activate",
  K: "leak",
};

/** What the numbers of an action mean, in order. */
const FIELDS: Readonly<Record<Name, readonly string[]>> = {
  propose: ["block", "parent"],
  enter: ["node", "view"],
  nullify: ["node", "view"],
  notarize: ["node", "view", "block", "parentView"],
  finalize: ["node", "view", "block", "parentView"],
  checkpoint: ["node", "block"],
  begin: ["node", "block"],
  lapse: ["node"],
  cut: ["node"],
  restart: ["node", "view", "block"],
  resume: ["node"],
  accept: ["block"],
  open: [],
  grace: [],
  post: ["view", "block"],
  activate: ["view", "block"],
  leak: ["node"],
};

const LETTER_OF = new Map(Object.entries(LETTERS).map(([letter, name]) => [name, letter]));

/** An action as text: a letter and numbers, `N0:1.2.0` for NOTARIZE of node 0 in view 1 for block 2 with parent view 0. */
export function actionText(action: ModelAction): string {
  const values = action as unknown as Readonly<Record<string, number>>;
  const [first, ...rest] = FIELDS[action.do].map((field) => values[field]);
  const tail = rest.length === 0 ? "" : `${action.do === "propose" ? "<" : ":"}${rest.join(".")}`;
  return `${LETTER_OF.get(action.do)}${first ?? ""}${tail}`;
}

/** The action that {@link actionText} wrote. */
export function readAction(text: string): ModelAction {
  const name = LETTERS[text[0] ?? ""];
  if (name === undefined) throw new RangeError(`${text} is no action of the model`);
  const numbers = text
    .slice(1)
    .split(/[<:.]/)
    .filter((part) => part !== "")
    .map(Number);
  const fields = FIELDS[name];
  if (numbers.length !== fields.length || !numbers.every(Number.isSafeInteger))
    throw new RangeError(`${text} is no action of the model`);
  return { do: name, ...Object.fromEntries(fields.map((field, at) => [field, numbers[at]!])) } as ModelAction;
}
