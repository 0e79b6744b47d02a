import type { Needs } from './ledger-store.ts';

/** What two commands can't lock at the same time. A member is not the same key as their membership id, which few use. */
export type QueueKey = string | bigint;

/** No id contains a NUL, or is empty. */
export function keysOf({ member, membershipId, stock }: Needs): readonly QueueKey[] {
  const keys: QueueKey[] = [];
  if (member !== undefined) keys.push(`${member.programId}\0${member.userId}`);
  if (membershipId !== undefined) keys.push(membershipId);
  if (stock !== undefined) keys.push(`\0${stock.programId}\0${stock.rewardId}`);
  return keys;
}

interface Keyed {
  readonly keys: readonly QueueKey[];
}

/** How many commands concern each key. */
export class KeyCounts {
  readonly #counts = new Map<QueueKey, number>();

  hasAny(keys: readonly QueueKey[]): boolean {
    return keys.some((key) => this.#counts.has(key));
  }

  add(commands: readonly Keyed[]): void {
    for (const { keys } of commands) {
      for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    }
  }

  remove(commands: readonly Keyed[]): void {
    for (const { keys } of commands) {
      for (const key of keys) {
        const count = this.#counts.get(key) ?? 0;
        if (count > 1) this.#counts.set(key, count - 1);
        else this.#counts.delete(key);
      }
    }
  }
}
