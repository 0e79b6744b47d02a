import { describe, expect, test } from '@jest/globals';
import { createLogger, type Logger } from './logging.ts';

function logged(write: (logger: Logger) => void, options: { pretty?: boolean } = {}): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createLogger({ name: 'ledger', level: 'info', destination, ...options }));
  return lines.join('');
}

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

describe('createLogger', () => {
  test('writes JSON lines with the service, the level by name and an ISO time', () => {
    const line = JSON.parse(logged((logger) => logger.info({ requestId: 'r1' }, 'hello')));
    expect(line).toMatchObject({
      service: 'ledger',
      level: 'info',
      requestId: 'r1',
      msg: 'hello',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test.each<[string, (logger: Logger) => void]>([
    ['a field called authorization', (logger) => logger.info({ authorization: 'hunter2' })],
    [
      'a password inside of an object',
      (logger) => logger.info({ config: { password: 'hunter2' } }),
    ],
    [
      'a token two levels down',
      (logger) => logger.info({ call: { caller: { token: 'hunter2' } } }),
    ],
    [
      'a URL with credentials',
      (logger) => logger.info('using postgres://me:hunter2@db:5432/ledger'),
    ],
    ['a URL in an error', (logger) => logger.error({ err: new Error('nats://me:hunter2@bus') })],
    ['a bearer token in a text', (logger) => logger.info('got Bearer hunter2')],
    ["a child's fields", (logger) => logger.child({ secret: 'hunter2' }).info('hello')],
  ])('does not let through %s', (_, write) => {
    expect(logged(write)).not.toContain('hunter2');
    expect(logged(write)).toContain('[redacted]');
    expect(logged(write, { pretty: true })).not.toContain('hunter2');
  });

  test('does not let through a JWT, wherever it stands', () => {
    expect(logged((logger) => logger.warn({ note: `sent ${jwt}.` }))).not.toContain('eyJ');
  });

  test("leaves out what a database error says about a row's content, and keeps its codes", () => {
    const error = Object.assign(new Error('duplicate key'), {
      code: '23505',
      constraint: 'earns_pkey',
      detail: 'Key (user_id)=(alice) already exists.',
      cause: Object.assign(new Error('inner'), { where: 'alice' }),
    });
    const line = logged((logger) => logger.error({ err: error }, 'failed'));
    expect(JSON.parse(line).err).toMatchObject({
      message: 'duplicate key',
      code: '23505',
      constraint: 'earns_pkey',
      cause: { message: 'inner' },
    });
    expect(line).not.toContain('alice');
  });

  test('leaves out the row that a constraint refused, whose columns can be secrets', () => {
    const error = Object.assign(new Error('violates check constraint'), {
      detail: 'Failing row contains (w-1, whsec_hunter2).',
      where: 'SQL statement "INSERT … whsec_hunter2"',
    });
    const lines = logged((logger) => {
      logger.error({ err: error }, 'failed');
      logger.error(error);
      logger.error({ err: new Error('a batch failed', { cause: error }) });
    });
    expect(lines).toContain('violates check constraint');
    expect(lines).not.toContain('hunter2');
  });

  test('writes lines for people when asked to', () => {
    expect(logged((logger) => logger.info('hello'), { pretty: true })).toMatch(/INFO.*hello/);
  });
});
