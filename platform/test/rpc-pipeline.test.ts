import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CallContext } from '../src/rpc/call-context.ts';
import { type CallOptions, createClient } from '../src/rpc/client.ts';
import { undeclaredReasonsChannel } from '../src/rpc/declared-reasons.ts';
import { unimplemented } from '../src/rpc/handler.ts';
import { RemoteError } from '../src/rpc/remote-error.ts';
import { eventually } from './eventually.ts';
import { type NoteServer, startNoteServer, tokenFor } from './note-server.ts';
import type { Note } from './note-service.ts';

interface NotFound extends Error {
  reason: string;
}

function notFound(): NotFound {
  return Object.assign(new Error('No such note'), { reason: 'MEMBERSHIP_NOT_FOUND' });
}

let server: NoteServer;
let call: (method: string, note: Partial<Note>, options: CallOptions) => Promise<Note>;
let member: string;
let service: string;
const seen: CallContext[] = [];
let behavior: (note: Note, context: CallContext) => Promise<Partial<Note>>;

beforeAll(async () => {
  member = await tokenFor('alice', ['member']);
  service = await tokenFor('checkout', ['service']);
  server = await startNoteServer({
    writeNote: (note, context) => {
      seen.push(context);
      return behavior(note, context);
    },
    readNote: (note, context) => {
      if (note.text !== 'forgetful') context.assertOwner(note.userId, notFound);
      return Promise.resolve(note);
    },
    countNotes: (note, context) => {
      context.assertProgram(note.text, notFound);
      return Promise.resolve(note);
    },
    purgeNotes: unimplemented,
  });
  const client = createClient(server.service, server.channel()) as unknown as Record<
    string,
    (note: object, options: object) => Promise<Note>
  >;
  call = (method, note, options) => {
    const invoke = client[method];
    if (invoke === undefined) throw new Error(`No method ${method}`);
    return invoke(note, options);
  };
});

afterAll(() => server.stop());

async function failureOf(answer: Promise<unknown>): Promise<RemoteError> {
  const error = await answer.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RemoteError);
  return error as RemoteError;
}

function linesOf(requestId: string) {
  return server.lines.filter((line) => line['requestId'] === requestId);
}

function lineOf(requestId: string) {
  return linesOf(requestId).find(({ msg }) => msg === 'call');
}

describe('a call that is in order', () => {
  test('is answered, with one log line that has no payload and no token', async () => {
    behavior = (note) => Promise.resolve({ text: note.text.toUpperCase() });
    const note = { userId: 'alice', text: 'payload' };
    const answer = await call('writeNote', note, { token: member, requestId: 'in-order-1' });
    expect(answer.text).toBe('PAYLOAD');
    const lines = server.lines.filter((line) => line['requestId'] === 'in-order-1');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      method: 'note.v1.NoteService/WriteNote',
      transport: 'grpc',
      code: 'OK',
      subject: 'alice',
    });
    expect(JSON.stringify(lines)).not.toMatch(/payload|eyJ/i);
  });

  test('is logged at level debug, and a refused one at level info', async () => {
    await call('writeNote', { userId: 'alice' }, { token: member, requestId: 'level-1' });
    const refused = call('writeNote', { userId: 'bob' }, { token: member, requestId: 'level-2' });
    await expect(refused).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
    expect(lineOf('level-1')).toMatchObject({ level: 'debug' });
    expect(lineOf('level-2')).toMatchObject({ level: 'info' });
  });

  test('is logged with the trace that it belongs to', async () => {
    behavior = (note, context) => {
      context.log.info('handled');
      return Promise.resolve(note);
    };
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const options = { token: member, requestId: 'trace-1', traceparent };
    await call('writeNote', { userId: 'alice' }, options);
    expect(seen.at(-1)).toMatchObject({ traceId, traceparent });
    const lines = server.lines.filter((line) => line['requestId'] === 'trace-1');
    expect(lines.map((line) => [line['msg'], line['traceId']])).toEqual([
      ['handled', traceId],
      ['call', traceId],
    ]);
    await call('writeNote', { userId: 'alice' }, { ...options, traceparent: 'nonsense' });
    expect(seen.at(-1)).toMatchObject({ traceId: undefined, traceparent: undefined });
  });

  test('tells the handler who calls, and until when', async () => {
    behavior = (note) => Promise.resolve(note);
    const deadlineMs = Date.now() + 60_000;
    await call('writeNote', { userId: 'bob' }, { token: service, requestId: 'who-1', deadlineMs });
    const context = seen.at(-1);
    expect(context?.requestId).toBe('who-1');
    expect(context?.caller.subject).toBe('checkout');
    expect(Math.abs((context?.deadlineMs ?? 0) - deadlineMs)).toBeLessThan(1000);
    expect(context?.signal.aborted).toBe(false);
  });

  test('is given a request id of its own when the caller sends nonsense as one', async () => {
    behavior = (note) => Promise.resolve(note);
    const requestId = 'has spaces and "quotes"';
    await call('writeNote', { userId: 'alice' }, { token: member, requestId });
    expect(seen.at(-1)?.requestId).toMatch(/^[\da-f-]{36}$/);
  });

  test('is counted under its method and code', async () => {
    const text = await server.metrics.metrics();
    expect(text).toMatch(
      /rpc_server_duration_seconds_count\{[^}]*method="note\.v1\.NoteService\/WriteNote"[^}]*code="OK"/,
    );
    expect(text).toMatch(/rpc_server_in_flight\{[^}]*WriteNote[^}]*\} 0/);
  });
});

describe('a call is refused', () => {
  test.each([
    ['without a token', undefined],
    ['with a token that nobody signed', 'a.b.c'],
  ])('%s', async (_case, token) => {
    const error = await failureOf(call('writeNote', {}, { ...(token && { token }) }));
    expect(error).toMatchObject({ code: 16, reason: 'UNAUTHENTICATED' });
  });

  test('without a role for the method', async () => {
    const error = await failureOf(call('purgeNotes', {}, { token: service }));
    expect(error).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
  });

  test("for another member's things", async () => {
    const error = await failureOf(call('writeNote', { userId: 'bob' }, { token: member }));
    expect(error).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
  });

  test('for a program that the token does not reach', async () => {
    const token = await tokenFor('checkout', ['service'], ['p1']);
    behavior = (note) => Promise.resolve(note);
    await call('writeNote', { programId: 'p1' }, { token });
    const error = await failureOf(call('writeNote', { programId: 'p2' }, { token }));
    expect(error).toMatchObject({ code: 7, reason: 'PERMISSION_DENIED' });
  });

  test('for a loaded object of a program that the token does not reach', async () => {
    const token = await tokenFor('root', ['admin'], ['p1']);
    const error = await failureOf(call('countNotes', { programId: 'p1', text: 'p2' }, { token }));
    expect(error.reason).toBe('MEMBERSHIP_NOT_FOUND');
  });

  test('when it breaks a rule of its fields, naming the field as the contract does', async () => {
    const note = { userId: 'alice', text: 'x'.repeat(21) };
    const error = await failureOf(call('writeNote', note, { token: member, requestId: 'long-1' }));
    expect(error).toMatchObject({
      code: 3,
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'text', message: 'must be at most 20 bytes' }],
      requestId: 'long-1',
    });
  });

  test('when the method is not served yet', async () => {
    const token = await tokenFor('root', ['admin']);
    const error = await failureOf(call('purgeNotes', {}, { token }));
    expect(error).toMatchObject({ code: 12, reason: 'NOT_IMPLEMENTED' });
  });
});

describe('what belongs to another member', () => {
  test('does not exist for a member', async () => {
    const error = await failureOf(call('readNote', { userId: 'bob' }, { token: member }));
    expect(error).toMatchObject({ code: 5, reason: 'MEMBERSHIP_NOT_FOUND' });
  });

  test('exists for its owner and for a backend', async () => {
    const note = { userId: 'alice' };
    await expect(call('readNote', note, { token: member })).resolves.toMatchObject(note);
    await expect(call('readNote', note, { token: service })).resolves.toMatchObject(note);
  });

  test('stays hidden when the handler forgets to check', async () => {
    const note = { userId: 'alice', text: 'forgetful' };
    const error = await failureOf(
      call('readNote', note, { token: member, requestId: 'forgetful-1' }),
    );
    expect(error.reason).toBe('INTERNAL');
    expect(JSON.stringify(lineOf('forgetful-1'))).toContain('without asserting the owner');
    await expect(call('readNote', note, { token: service })).resolves.toMatchObject(note);
  });
});

describe('a handler that fails', () => {
  test('with a reason is answered with that reason', async () => {
    behavior = () =>
      Promise.reject(
        Object.assign(new Error('10 points are missing'), {
          reason: 'INSUFFICIENT_POINTS',
          metadata: { missingPoints: '10' },
        }),
      );
    const error = await failureOf(call('writeNote', { userId: 'alice' }, { token: member }));
    expect(error).toMatchObject({
      code: 9,
      message: '10 points are missing',
      reason: 'INSUFFICIENT_POINTS',
      metadata: { missingPoints: '10' },
    });
  });

  test('with a reason that its method declares leaves no error in the log', async () => {
    behavior = () =>
      Promise.reject(Object.assign(new Error('no points'), { reason: 'INSUFFICIENT_POINTS' }));
    const options = { token: member, requestId: 'declared-1' };
    await failureOf(call('writeNote', { userId: 'alice' }, options));
    expect(linesOf('declared-1')).toMatchObject([{ level: 'info', reason: 'INSUFFICIENT_POINTS' }]);
  });

  test('with a reason that its method does not declare is answered with it all the same, and logged as a defect', async () => {
    behavior = () =>
      Promise.reject(Object.assign(new Error('none are left'), { reason: 'OUT_OF_STOCK' }));
    const published: unknown[] = [];
    const listen = (message: unknown) => void published.push(message);
    subscribe(undeclaredReasonsChannel, listen);
    const options = { token: member, requestId: 'undeclared-1' };
    const error = await failureOf(call('writeNote', { userId: 'alice' }, options));
    unsubscribe(undeclaredReasonsChannel, listen);
    expect(error).toMatchObject({ code: 9, message: 'none are left', reason: 'OUT_OF_STOCK' });
    const method = 'note.v1.NoteService/WriteNote';
    expect(linesOf('undeclared-1')).toMatchObject([
      { level: 'info', reason: 'OUT_OF_STOCK' },
      { level: 'error', undeclared: 'OUT_OF_STOCK', undeclaredIn: method },
    ]);
    expect(published).toEqual([{ method, reason: 'OUT_OF_STOCK' }]);
  });

  test('without a reason tells the caller nothing and the log everything', async () => {
    behavior = () => Promise.reject(new Error('password of the database'));
    const options = { token: member, requestId: 'secret-1' };
    const error = await failureOf(call('writeNote', { userId: 'alice' }, options));
    expect(error.code).toBe(13);
    expect(error.message).toContain('secret-1');
    expect(error.message).not.toContain('database');
    expect(lineOf('secret-1')).toMatchObject({
      level: 'error',
      err: { message: 'password of the database' },
    });
  });

  test('before it returns a promise is answered all the same', async () => {
    behavior = () => {
      throw new Error('at once');
    };
    const error = await failureOf(call('writeNote', { userId: 'alice' }, { token: member }));
    expect(error.reason).toBe('INTERNAL');
  });

  test('by answering what the contract cannot carry is answered with INTERNAL', async () => {
    const noText = {
      toString: () => {
        throw new Error('no text');
      },
    };
    behavior = () => Promise.resolve({ text: noText as unknown as string });
    const error = await failureOf(call('writeNote', { userId: 'alice' }, { token: member }));
    expect(error.reason).toBe('INTERNAL');
  });
});

describe('a handler that takes too long', () => {
  test('is told by its signal, and the call is logged with the cause', async () => {
    const aborted = Promise.withResolvers<Error>();
    behavior = (_note, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason as Error));
      return aborted.promise.then((reason) => Promise.reject(reason));
    };
    const options = { token: member, requestId: 'late-1', deadlineMs: Date.now() + 100 };
    const error = await failureOf(call('writeNote', { userId: 'alice' }, options));
    expect(error.reason).toBe('DEADLINE_EXCEEDED');
    // The caller's clock may strike first: then the server hears that it went away.
    const { reason } = (await aborted.promise) as Error & { reason?: string };
    expect(['DEADLINE_EXCEEDED', 'CANCELLED']).toContain(reason);
    expect(lineOf('late-1')).toMatchObject({ code: reason });
  });

  test('is told when the caller goes away, even if it asks for the signal afterwards', async () => {
    const go = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const late = Promise.withResolvers<AbortSignal>();
    behavior = async (note, context) => {
      started.resolve();
      await go.promise;
      late.resolve(context.signal);
      return note;
    };
    const controller = new AbortController();
    const options = { token: member, requestId: 'gone-1', signal: controller.signal };
    const answer = call('writeNote', { userId: 'alice' }, options);
    await started.promise;
    controller.abort();
    expect((await failureOf(answer)).reason).toBe('CANCELLED');
    await eventually('the server notices', () => lineOf('gone-1') !== undefined);
    expect(lineOf('gone-1')).toMatchObject({ code: 'CANCELLED' });
    go.resolve();
    expect((await late.promise).aborted).toBe(true);
  });
});

test('more calls at once than the server can take are refused, not queued', async () => {
  const release = Promise.withResolvers<void>();
  const small = await startNoteServer(
    { writeNote: (note) => release.promise.then(() => note) },
    { limits: { callsInFlightMax: 2 } },
  );
  const client = createClient(small.service, small.channel()) as unknown as Record<
    'writeNote',
    (note: object, options: object) => Promise<Note>
  >;
  const answers = [1, 2, 3].map(() => client.writeNote({}, { token: service }));
  const error = await failureOf(Promise.race(answers));
  expect(error).toMatchObject({ code: 14, reason: 'OVERLOADED', retryAfterMs: 1000 });
  release.resolve();
  const settled = await Promise.allSettled(answers);
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  await small.stop();
});

test('an error without a reason can be given one in one place', async () => {
  const translating = await startNoteServer(
    { writeNote: () => Promise.reject(new Error('ECONNREFUSED')) },
    {
      translateError: (error) =>
        Object.assign(new Error('The database is away', { cause: error }), {
          reason: 'STORAGE_UNAVAILABLE',
        }),
    },
  );
  const client = createClient(translating.service, translating.channel()) as unknown as Record<
    'writeNote',
    (note: object, options: object) => Promise<Note>
  >;
  const error = await failureOf(client.writeNote({}, { token: service }));
  expect(error).toMatchObject({ code: 14, reason: 'STORAGE_UNAVAILABLE' });
  await translating.stop();
});
