// `loyalty dead-letters` against a running platform: messages that couldn't be applied are shown, replayed and discarded.
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createProgram, http, lifetimeEarned } from '../src/http.ts';
import { type CommandResult, loyalty } from '../src/loyalty-command.ts';
import { natsPublish } from '../src/nats-publish.ts';
import { until } from '../src/until.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

const reason = 'MEMBERSHIP_NOT_FOUND';

async function run(...args: string[]): Promise<CommandResult> {
  return await loyalty(platform, ['dead-letters', ...args]);
}

async function lettersOf(programId: string): Promise<{ deadLetterId: string; state: string }[]> {
  const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const path = `dead-letters?programId=${programId}`;
  const { body } = await http(platform, { token, path });
  return body['deadLetters'] as { deadLetterId: string; state: string }[];
}

/** A program with purchases of users who never joined, and the ids of these dead letters, the newest first. */
async function programOfStrangers(...userIds: string[]) {
  const programId = `dead-${randomUUID().slice(0, 8)}`;
  const rate = { points: 1, per: { currencyCode: 'USD', minorUnits: 100 } };
  await createProgram(platform, { programId, rate });
  for (const [index, userId] of userIds.entries()) {
    const amount = { currencyCode: 'USD', minorUnits: 500 };
    const occurTime = new Date(Date.now() - 60_000).toISOString();
    const transaction = { transactionId: `${userId}-1`, occurTime, amount };
    await natsPublish(platform.env['NATS_URL'] ?? '', {
      subject: `loyalty.earn.v1.${programId}`,
      body: JSON.stringify({ programId, userId, transaction }),
    });
    await until(
      () => lettersOf(programId),
      ({ length }) => length === index + 1,
    );
  }
  const ids = (await lettersOf(programId)).map(({ deadLetterId }) => deadLetterId);
  return { programId, ids, id: ids[0] ?? '' };
}

async function join(programId: string, userId: string): Promise<void> {
  const token = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
  await http(platform, { token, path: `programs/${programId}/members`, body: { userId } });
}

test(
  'a dead letter is listed, shown, replayed in vain, and replayed once nothing is in its way',
  async () => {
    const { programId, id } = await programOfStrangers('ann');
    const list = await run('list', '--program', programId, '--state', 'DEAD', '--reason', reason);
    expect(list).toMatchObject({ exitCode: 0, stderr: '' });
    const [head = '', line = '', ...others] = list.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ID +STATE +REASON +PROGRAM +ARRIVED +TRANSACTION$/);
    expect(line).toMatch(new RegExp(`^${id} +DEAD +${reason} +${programId} +\\S+Z +ann-1$`));
    expect(others).toEqual([]);

    const shown = await run('show', id);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^reason +MEMBERSHIP_NOT_FOUND: .*join.*$/m);
    expect(shown.stdout).toMatch(/^payload +EarnRequested, from JSON, \d+ bytes$/m);
    expect(shown.stdout).toContain('    "transactionId": "ann-1",');

    const inVain = await run('replay', id);
    expect(inVain).toMatchObject({ exitCode: 1, stdout: '0 replayed, 1 not\n' });
    expect(inVain.stderr).toContain(`${id}: still DEAD: ${reason}: `);
    await join(programId, 'ann');
    for (let time = 0; time < 2; time++) {
      expect(await run('replay', id, id, '--why', 'ann has joined')).toMatchObject({
        exitCode: 0,
        stdout: '1 replayed, 0 not\n',
      });
    }
    expect(await lifetimeEarned(platform, programId)).toEqual(new Map([['ann', 5]]));
    const after = await run('show', id);
    expect(after.stdout).toMatch(/^state +REPLAYED$/m);
    expect(after.stdout).toMatch(/^decided +\S+Z by admin:local-admin$/m);
    expect(after.stdout).toMatch(/^why +ann has joined$/m);
  },
  patience(60_000),
);

test(
  'all that are dead for a reason are replayed or discarded, and a repeat finds none',
  async () => {
    const { programId } = await programOfStrangers('ann', 'bob', 'cid');
    await join(programId, 'ann');
    await join(programId, 'bob');
    const selected = ['--reason', reason, '--program', programId];
    expect(await run('replay', ...selected)).toMatchObject({
      exitCode: 1,
      stdout: '2 replayed, 1 not\n',
      stderr: expect.stringMatching(/^\d+: still DEAD: MEMBERSHIP_NOT_FOUND: .*$/m),
    });
    for (const stdout of ['1 discarded, 0 not\n', '0 discarded, 0 not\n']) {
      expect(await run('discard', ...selected, '--why', 'cid is a test')).toMatchObject({
        exitCode: 0,
        stdout,
      });
    }
    const states = (await lettersOf(programId)).map(({ state }) => state);
    expect(states).toEqual(['DISCARDED', 'REPLAYED', 'REPLAYED']);
    const none = await run('list', ...selected, '--state', 'DEAD');
    expect(none).toEqual({ exitCode: 0, stdout: '', stderr: 'There are no such dead letters.\n' });
  },
  patience(60_000),
);

test(
  'what was decided can’t be decided otherwise, and the others are done all the same',
  async () => {
    const { ids } = await programOfStrangers('ann', 'bob');
    const [bobs = '', anns = ''] = ids;
    await run('discard', anns, '--why', 'a test');
    const replayed = await run('replay', anns);
    expect(replayed).toMatchObject({ exitCode: 1, stdout: '0 replayed, 1 not\n' });
    expect(replayed.stderr).toContain(`${anns}: ILLEGAL_TRANSITION: `);
    const discarded = await run('discard', '999999999', bobs, '--why', 'a test');
    expect(discarded).toMatchObject({ exitCode: 1, stdout: '1 discarded, 1 not\n' });
    expect(discarded.stderr).toContain('999999999: DEAD_LETTER_NOT_FOUND: ');
  },
  patience(60_000),
);

describe('a mistake is named with its fix:', () => {
  test.each([
    [['replay'], 'no dead letters are selected; give their ids, or --reason'],
    [['replay', '1', '--reason', reason], 'ids and --reason exclude each other; give one of them'],
    [['list', '--program', 'Wine'], 'It must be the id of a program, such as wine-dine.'],
    [['replay', '1', '--program', 'wine-dine'], '--program works only with --reason; add --reason'],
    [['discard', '1'], "required option '--why <text>' not specified"],
    [['discard', '1', '--why', ' '], 'Write 1 to 500 bytes.'],
    [['show', 'x'], 'It must be a number, as loyalty dead-letters list shows it.'],
    [['replay', '1', 'x'], 'It must be a number, as loyalty dead-letters list shows it.'],
    [['list', '--state', 'GONE'], 'It must be one of WAITING, DEAD, REPLAYED, DISCARDED.'],
    [['list', '--reason', 'NONE'], 'It must be a reason of docs/errors.md'],
    [['show', '999999999'], 'There is no dead letter with that id'],
  ])('%j', async (args, problem) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(problem);
  });

  test('a ledger that can’t be reached', async () => {
    const env = { ...platform.env, LOYALTY_LEDGER_GRPC: '127.0.0.1:9' };
    const { exitCode, stderr } = await loyalty({ env }, ['dead-letters', 'list']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("The ledger at 127.0.0.1:9 can't be reached");
  });
});
