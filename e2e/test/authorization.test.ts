// Every RPC over every transport, with invalid tokens and callers of every kind. The RPCs, and who may call them, are read
// from the contracts, so a new one is included automatically.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import {
  create,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  type JsonObject,
  ScalarType,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createPlatformHome,
  type PlatformHome,
  type RunningPlatform,
  startPlatform,
} from '@loyalty/local/running-platform.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http } from '@loyalty/proto/google/api/annotations_pb.ts';
import { DeadLetterService } from '@loyalty/proto/loyalty/ledger/v1/dead_letter_service_pb.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipService } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { Access_Own, Access_Role, access } from '@loyalty/proto/loyalty/options/v1/access_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { RewardService } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import { type Authorization, badAuthorizations, craftedToken } from '../src/crafted-tokens.ts';

const programsServices = [ProgramService, RuleSetService, RewardService];
const ledgerServices = [MembershipService, LedgerService, RedemptionService, DeadLetterService];
const webhooksServices = [WebhookService];
const methods = [...programsServices, ...ledgerServices, ...webhooksServices].flatMap(
  (service) => service.methods,
);

/** It doesn't exist, so that calls that are let in change nothing. */
const programId = 'no-such-program';
const callsAtOnce = 24;

let home: PlatformHome;
let platform: RunningPlatform;
const sessions = new Map<DescService, ClientHttp2Session>();

beforeAll(async () => {
  // One of its own: wrong tokens use up what their address may do as an unknown caller, and all test files share an address.
  home = await createPlatformHome();
  platform = await startPlatform(home);
  const { env } = platform;
  for (const [address, services] of [
    [env['LOYALTY_PROGRAMS_GRPC'], programsServices],
    [env['LOYALTY_LEDGER_GRPC'], ledgerServices],
    [env['LOYALTY_WEBHOOKS_GRPC'], webhooksServices],
  ] as const) {
    const session = connect(`http://${address}`);
    for (const service of services) sessions.set(service, session);
  }
}, patience(120_000));

afterAll(async () => {
  for (const session of new Set(sessions.values())) session.close();
  await platform.stop();
  await home.remove();
}, patience(30_000));

type Verdict = 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'LET_IN';

interface Call {
  readonly method: DescMethod;
  readonly userId: string;
  readonly authorization: Authorization;
}

/** The request with nothing but what decides who may make it. */
function requestOf({ method: { input }, userId }: Call) {
  const request: JsonObject = {};
  const ids: JsonObject = { programId, userId };
  for (const field of input.fields) {
    if (typeof ids[field.localName] === 'string')
      request[field.localName] = ids[field.localName] ?? '';
    const nested = field.message?.fields.some(({ name }) => name === 'program_id');
    if (nested === true && field.fieldKind === 'message' && field.oneof === undefined) {
      request[field.localName] = { programId };
    }
  }
  return create(input, request);
}

async function overGrpc(call: Call): Promise<Verdict> {
  const { method, authorization } = call;
  const message = toBinary(method.input, requestOf(call));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const stream = sessions.get(method.parent)?.request({
    ':method': 'POST',
    ':path': `/${method.parent.typeName}/${method.name}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    // Node's client joins what HTTP/2 would let it send twice, as proxies do.
    ...(authorization.length > 0 && { authorization: authorization.join(', ') }),
  });
  if (stream === undefined) throw new Error(`${method.parent.typeName} has no address`);
  let status: unknown;
  const note = (headers: Record<string, unknown>) => {
    status ??= headers['grpc-status'];
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.resume();
  stream.end(Buffer.concat([prefix, message]));
  await once(stream, 'close');
  if (status === undefined) throw new Error(`${method.name} got no response`);
  return Number(status) === 16
    ? 'UNAUTHENTICATED'
    : Number(status) === 7
      ? 'PERMISSION_DENIED'
      : 'LET_IN';
}

interface HttpCall {
  readonly url: string;
  readonly method: string;
  readonly authorization: Authorization;
  readonly body?: object | undefined;
}

async function responseOf(call: HttpCall): Promise<{ status: number; text: string }> {
  const { url, method, authorization, body } = call;
  const text = body === undefined ? '' : JSON.stringify(body);
  // fetch would join headers that are sent twice.
  const request = httpRequest(url, {
    method,
    headers: [
      ...authorization.flatMap((value) => ['Authorization', value]),
      ...['Host', new URL(url).host, 'Content-Length', String(Buffer.byteLength(text))],
      ...(text === '' ? [] : ['Content-Type', 'application/json']),
    ],
  });
  request.end(text);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { statusCode: status = 0 } = response;
  if (status === 429) {
    // An address may send only so many wrong tokens at once.
    response.resume();
    await delay(100);
    return await responseOf(call);
  }
  if (status >= 500) throw new Error(`${method} ${url} returned ${status}`);
  return { status, text: await readText(response) };
}

async function overHttp(call: HttpCall): Promise<Verdict> {
  const { status } = await responseOf(call);
  return status === 401 ? 'UNAUTHENTICATED' : status === 403 ? 'PERMISSION_DENIED' : 'LET_IN';
}

async function overConnect(call: Call): Promise<Verdict> {
  const { method, authorization } = call;
  const { programsHttp, ledgerHttp, webhooksHttp } = platform;
  const isOf = (services: readonly DescService[]) => services.includes(method.parent);
  const origin = isOf(programsServices)
    ? programsHttp
    : isOf(webhooksServices)
      ? webhooksHttp
      : ledgerHttp;
  const body = toJson(method.input, requestOf(call)) as object;
  const url = `${origin}/${method.parent.typeName}/${method.name}`;
  return await overHttp({ url, method: 'POST', authorization, body });
}

async function overGateway(call: Call): Promise<Verdict> {
  return await overHttp(gatewayCall(call));
}

function gatewayCall(call: Call, request = requestOf(call)): HttpCall {
  const { method, authorization } = call;
  const rule = getOption(method, http);
  const { case: verb, value: template } = rule.pattern;
  if (verb === undefined || typeof template !== 'string')
    throw new Error(`${method.name} has no route`);
  const fields = toJson(method.input, request) as Record<string, JsonObject>;
  const texts: Record<string, string> = {
    program_id: programId,
    user_id: call.userId,
    version: '7',
  };
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => texts[name] ?? '7');
  const inBody = Object.entries(fields).filter(
    ([name]) =>
      !template.includes(`{${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}}`),
  );
  const body =
    rule.body === '*'
      ? Object.fromEntries(inBody)
      : rule.body === ''
        ? undefined
        : (fields[rule.body] ?? {});
  const query =
    rule.body === ''
      ? new URLSearchParams(
          Object.fromEntries(inBody) as Record<string, unknown> as Record<string, string>,
        )
      : '';
  const url = `${platform.env['LOYALTY_URL']}${path}?${query}`;
  return { url, method: verb.toUpperCase(), authorization, body };
}

const transports = {
  gRPC: { call: overGrpc, methods },
  Connect: { call: overConnect, methods },
  gateway: { call: overGateway, methods: methods.filter((method) => hasOption(method, http)) },
};

/** Makes all calls, some at a time, and returns those with another verdict than expected. */
async function misjudged(
  calls: readonly (Call & { readonly what: string; readonly expected: Verdict })[],
  transport: (call: Call) => Promise<Verdict>,
): Promise<string[]> {
  const wrong: string[] = [];
  const left = calls.values();
  await Promise.all(
    Array.from({ length: callsAtOnce }, async () => {
      for (const call of left) {
        const verdict = await transport(call);
        if (verdict !== call.expected) {
          wrong.push(
            `${call.method.name} for ${call.what}: ${verdict} instead of ${call.expected}`,
          );
        }
      }
    }),
  );
  return wrong;
}

interface CallerKind {
  readonly roles: readonly ('admin' | 'service' | 'member' | 'owner')[];
  readonly programs?: readonly string[];
  /** Whether the request is about somebody else. */
  readonly forOther?: boolean;
}

const callerKinds: Readonly<Record<string, CallerKind>> = {
  'one without roles': { roles: [] },
  'one of an unknown role': { roles: ['owner'] },
  'a member': { roles: ['member'] },
  'a member of another program': { roles: ['member'], programs: ['another-program'] },
  'another member': { roles: ['member'], forOther: true },
  'a service': { roles: ['service'], forOther: true },
  'a service of another program': { roles: ['service'], programs: ['another-program'] },
  'an admin': { roles: ['admin'], forOther: true },
  'an admin of the program': { roles: ['admin'], programs: [programId], forOther: true },
  'an admin of another program': { roles: ['admin'], programs: ['another-program'] },
};

const roleNumbers = {
  admin: Access_Role.ADMIN,
  service: Access_Role.SERVICE,
  member: Access_Role.MEMBER,
};

/** What the contract says. */
function expectedOf(
  method: DescMethod,
  { roles, programs, forOther = false }: CallerKind,
): Verdict {
  const { roles: allowed, own } = getOption(method, access);
  const fitting = roles.filter((role) => role !== 'owner' && allowed.includes(roleNumbers[role]));
  if (fitting.length === 0) return 'PERMISSION_DENIED';
  const namesProgram = JSON.stringify(
    toJson(method.input, requestOf({ method, userId: '', authorization: [] })),
  ).includes(programId);
  if (programs !== undefined && namesProgram && !programs.includes(programId))
    return 'PERMISSION_DENIED';
  const isMember = fitting.every((role) => role === 'member');
  return isMember && forOther && own === Access_Own.REQUEST_USER ? 'PERMISSION_DENIED' : 'LET_IN';
}

test.each(Object.entries(transports))(
  'a bad token is refused over %s',
  async (_name, { call, methods }) => {
    const bad = [...badAuthorizations(platform)];
    const calls = methods.flatMap((method) =>
      bad.map(([what, authorization]) => ({
        ...{ method, what, authorization, userId: 'mallory' },
        expected: 'UNAUTHENTICATED' as const,
      })),
    );
    expect(await misjudged(calls, call)).toEqual([]);
  },
  patience(60_000),
);

test.each(Object.entries(transports))(
  'callers are let in over %s where the contract allows them, and nowhere else',
  async (transport, { call, methods }) => {
    const calls = methods.flatMap((method) =>
      Object.entries(callerKinds).map(([what, kind]) => {
        // Each calls once, so that none is over the limit of a member.
        const sub = `${method.name}-${what}-${transport}`.replaceAll(' ', '-');
        const { roles, programs } = kind;
        const token = craftedToken(platform, { sub, roles, programs });
        return {
          ...{ method, what, authorization: [`Bearer ${token}`] },
          userId: kind.forOther === true ? 'somebody-else' : sub,
          expected: expectedOf(method, kind),
        };
      }),
    );
    expect(await misjudged(calls, call)).toEqual([]);
  },
  patience(60_000),
);

/** The request with something in every field that it could have. */
function filledRequestOf({ method: { input }, userId }: Call) {
  return create(input, filledInit(input, { userId, depth: 0 }));
}

interface Filling {
  readonly userId: string;
  /** How many messages this one is in. */
  readonly depth: number;
}

function filledInit(message: DescMessage, filling: Filling): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const member of message.members) {
    const field = member.kind === 'oneof' ? member.fields[0] : member;
    const value = field && filledValue(field, filling);
    if (field === undefined || value === undefined) continue;
    fields[member.localName] = member.kind === 'oneof' ? { case: field.localName, value } : value;
  }
  return fields;
}

function filledValue(field: DescField, { userId, depth }: Filling): unknown {
  if (field.name === 'program_id') return programId;
  if (field.name === 'user_id') return userId;
  switch (field.fieldKind) {
    case 'message':
      if (field.message.typeName === FieldMaskSchema.typeName) return { paths: ['display_name'] };
      return depth > 3 ? undefined : filledInit(field.message, { userId, depth: depth + 1 });
    case 'enum':
      return field.enum.values[1]?.number;
    case 'scalar':
      return scalars.get(field.scalar);
    default:
      return undefined;
  }
}

const scalars: ReadonlyMap<ScalarType, unknown> = new Map<ScalarType, unknown>([
  [ScalarType.STRING, '7'],
  [ScalarType.INT32, 1],
  [ScalarType.INT64, 1n],
]);

test(
  'a draft is as invisible at the gateway as a program that does not exist',
  async () => {
    const draftId = `draft-${randomUUID().slice(0, 8)}`;
    const admin = craftedToken(platform, { sub: 'ops', roles: ['admin'] });
    const created = await responseOf({
      url: `${platform.env['LOYALTY_URL']}/v1/programs`,
      method: 'POST',
      authorization: [`Bearer ${admin}`],
      body: { programId: draftId, displayName: 'A secret' },
    });
    expect(created.status).toBe(201);
    const withoutAccess = Object.entries(callerKinds).filter(
      ([, { roles, programs }]) =>
        programs?.includes(programId) !== true &&
        (programs !== undefined || !roles.some((role) => role === 'admin' || role === 'service')),
    );
    const seen: string[] = [];
    for (const method of transports.gateway.methods) {
      for (const [what, { roles, programs, forOther }] of withoutAccess) {
        for (const filled of [false, true]) {
          const sub = `${method.name}-${what}-draft-${filled}`.replaceAll(' ', '-');
          const token = craftedToken(platform, { sub, roles, programs });
          const call = {
            method,
            authorization: [`Bearer ${token}`],
            userId: forOther === true ? 'somebody-else' : sub,
          };
          const missing = gatewayCall(call, filled ? filledRequestOf(call) : requestOf(call));
          const responses = [missing, aboutDraft(missing, draftId)].map(async (each) => {
            const { status, text } = await responseOf(each);
            return `${status} ${text.replaceAll(draftId, programId).replace(/"instance":"[^"]*"/, '')}`;
          });
          const [ofMissing, ofDraft] = await Promise.all(responses);
          if (ofMissing !== ofDraft) {
            seen.push(`${method.name} for ${what}: ${ofDraft} instead of ${ofMissing}`);
          }
        }
      }
    }
    expect(seen).toEqual([]);
  },
  patience(60_000),
);

/** The same call, about another program. */
function aboutDraft({ url, body, ...call }: HttpCall, draftId: string): HttpCall {
  return {
    ...call,
    url: url.replaceAll(programId, draftId),
    body: body && (JSON.parse(JSON.stringify(body).replaceAll(programId, draftId)) as object),
  };
}
