import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import pg from 'pg';
import {
  createMember,
  encodeEarn,
  purchase,
  type Setting,
  startSetting,
} from './running-ledger.ts';

const main = join(import.meta.dirname, '../src/main.ts');
const purchases = 3_000;

let setting: Setting;
let database: pg.Client;
beforeAll(async () => {
  setting = await startSetting();
  database = new pg.Client(setting.databaseUrl);
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await setting.stop();
});

/** A ledger as a process of its own, which takes messages until it is killed. */
function spawnLedger() {
  const { database: db, nats, programs, tokens } = setting.config;
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: '/usr/bin:/bin',
      LEDGER_HOST: '127.0.0.1',
      LEDGER_GRPC_PORT: '0',
      LEDGER_HTTP_PORT: '0',
      LEDGER_MANAGEMENT_PORT: '0',
      LEDGER_DATABASE_URL: db.url,
      LEDGER_NATS_URL: nats.url,
      LEDGER_PROGRAMS_ADDRESS: programs.address,
      LEDGER_JWT_ISSUER: tokens.issuer,
      LEDGER_JWT_AUDIENCE: tokens.audience,
      LEDGER_JWT_SECRET: tokens.secret,
      LEDGER_LOG_LEVEL: 'silent',
    },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  return {
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function postedEarns(programId: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM earns WHERE program_id = $1',
    [programId],
  );
  return rows[0]?.count ?? 0;
}

test(
  'a ledger that is killed in the middle of its work loses and doubles nothing',
  async () => {
    const member = await createMember(setting);
    await setting.stopLedger();
    await Promise.all(
      Array.from({ length: purchases }, () =>
        setting.publisher.publish({
          subject: `loyalty.earn.v1.${member.programId}`,
          data: encodeEarn({ ...member, transaction: purchase(10_000) }),
        }),
      ),
    );

    const victim = spawnLedger();
    await eventually(async () => expect(await postedEarns(member.programId)).toBeGreaterThan(0));
    await victim.kill();
    const successor = spawnLedger();
    try {
      // What the victim hadn't acknowledged is delivered again after half a minute.
      await eventually(
        async () => expect(await postedEarns(member.programId)).toBe(purchases),
        50_000,
      );
    } finally {
      await successor.kill();
    }
    const { rows } = await database.query(
      `SELECT available::int, last_sequence::int AS newest,
       (SELECT count(*)::int FROM entries WHERE entries.membership_id = memberships.membership_id) AS lines
     FROM memberships WHERE program_id = $1`,
      [member.programId],
    );
    expect(rows).toEqual([
      { available: purchases * 5, newest: purchases + 1, lines: purchases + 1 },
    ]);
  },
  patience(80_000),
);
