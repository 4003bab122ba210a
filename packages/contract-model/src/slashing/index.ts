import type { Transaction } from "../transaction.ts";
export function settle(_tx: Transaction, _id: number): void {}
