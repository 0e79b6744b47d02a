import { expect, test } from '@jest/globals';
import { patientCollect } from './patient-collect.ts';

test('what is collected for several metrics at once is asked for once, and again at the next scrape', async () => {
  let asked = 0;
  const collect = patientCollect(async () => {
    asked += 1;
  });
  await Promise.all([collect(), collect()]);
  expect(asked).toBe(1);
  await collect();
  expect(asked).toBe(2);
});

test('a source that fails or hangs doesn’t keep the others from being read', async () => {
  const failing = patientCollect(() => Promise.reject(new Error('away')));
  const hanging = patientCollect(() => new Promise(() => undefined));
  expect(await Promise.all([failing(), hanging()])).toEqual([undefined, undefined]);
});
