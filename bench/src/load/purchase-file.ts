import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const purchasesPerMember = 3;
const centsMax = 30_000;
const stores = ['paris', 'lyon', 'online'];
const dayMs = 86_400_000;
const spanDays = 540;

/**
 * Writes a file of purchases as a shop would export it: in the order of time, members who come back after days, amounts of
 * up to 300 USD, and a column that an import doesn't know. The same lines for the same options on the same day.
 *
 * @param options.prefix of its order ids and members, who are new with each prefix
 */
export async function writePurchases(
  path: string,
  { lines, prefix }: { lines: number; prefix: string },
): Promise<void> {
  const file = createWriteStream(path);
  const members = Math.max(Math.floor(lines / purchasesPerMember), 1);
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  const random = sequence();
  file.write('order_id,user_id,order_time,amount_usd,store\n');
  for (let line = 0; line < lines; line++) {
    const time = new Date(today - spanDays * dayMs * (1 - line / lines)).toISOString();
    // Few members buy much.
    const member = Math.floor(random() ** 2 * members);
    const amount = (1 + Math.floor(random() * centsMax)) / 100;
    const store = stores[Math.floor(random() * stores.length)];
    const text = `${prefix}${line},${prefix}${member},${time},${amount.toFixed(2)},${store}\n`;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

/** Numbers from 0 to 1 that look random and are the same every time (Numerical Recipes' generator). */
function sequence(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
