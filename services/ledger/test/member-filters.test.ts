import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Membership,
  Membership_State,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import { createCustomProgram } from './custom-program.ts';
import { admin, checkout, refusalOf, type Setting, startSetting } from './running-ledger.ts';

const dayMs = 86_400_000;
/** The first member's, before 1970. */
const firstJoin = Date.parse('1969-12-30T12:00:00Z');

let setting: Setting;
let programId: string;
let all: Membership[];

beforeAll(async () => {
  setting = await startSetting();
  programId = await createCustomProgram(setting, {});
  const { memberships } = setting.clients;
  const ids = ['b-9', 'a-1', 'a-2', 'a-10', 'a', 'é-1', 'é-2', 'z'];
  for (const [index, userId] of ids.entries()) {
    const tier = ['gold', 'silver', ''][index % 3];
    const attributes = tier === '' ? {} : { tier: tier ?? '', shop: 'paris' };
    // Two join at each instant.
    const joinTime = timestampFromMs(firstJoin + Math.floor(index / 2) * dayMs);
    await memberships.joinProgram({ programId, userId, attributes, joinTime }, checkout);
  }
  await memberships.suspendMembership({ programId, userId: 'a-2' }, admin);
  await memberships.leaveProgram({ programId, userId: 'z' }, admin);
  const change = (userId: string, attributes: Record<string, string>, paths: string[]) =>
    memberships.updateMembership(
      { programId, userId, membership: { attributes }, updateMask: { paths } },
      checkout,
    );
  await change('b-9', { tier: 'silver' }, ['attributes.tier']);
  await change('a-1', {}, ['attributes.tier']);
  await change('a', { tier: 'gold' }, ['attributes.tier', 'attributes.shop']);
  all = await list({});
});
afterAll(() => setting.stop());

interface Filter {
  userIdPrefix?: string;
  attributeKey?: string;
  attributeValue?: string;
  state?: Membership_State;
  joinStartTime?: Timestamp;
  joinEndTime?: Timestamp;
}

/** All members that the filter leaves, asked for three at a time. */
async function list(filter: Filter): Promise<Membership[]> {
  const found: Membership[] = [];
  let pageToken = '';
  do {
    const page = await setting.clients.memberships.listMembers(
      { ...filter, programId, pageSize: 3, pageToken },
      checkout,
    );
    found.push(...page.members);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

const joinedAt = ({ joinTime }: Membership) => Number(joinTime?.seconds) * 1000;
const idsOf = (members: Membership[]) => members.map(({ userId }) => userId);

test('members are found by prefix, attribute, state and join time, and by all of these together', async () => {
  expect(idsOf(all)).toEqual(['a', 'a-1', 'a-10', 'a-2', 'b-9', 'z', 'é-1', 'é-2']);
  const times = [undefined, firstJoin, firstJoin + dayMs, firstJoin + 3 * dayMs];
  for (const userIdPrefix of ['', 'a-', 'a-1', 'é', 'x']) {
    for (const tier of [undefined, 'gold', 'silver', 'none']) {
      for (const state of [undefined, Membership_State.ACTIVE, Membership_State.SUSPENDED]) {
        for (const start of times) {
          const found = await list({
            userIdPrefix,
            ...(tier !== undefined && { attributeKey: 'tier', attributeValue: tier }),
            ...(state !== undefined && { state }),
            ...(start !== undefined && { joinStartTime: timestampFromMs(start) }),
          });
          const expected = all.filter(
            (member) =>
              member.userId.startsWith(userIdPrefix) &&
              (tier === undefined || member.attributes['tier'] === tier) &&
              (state === undefined || member.state === state) &&
              (start === undefined || joinedAt(member) >= start),
          );
          const inOrder =
            start === undefined ? expected : expected.toSorted((a, b) => joinedAt(a) - joinedAt(b));
          expect(idsOf(found)).toEqual(idsOf(inOrder));
        }
      }
    }
  }
});

test('members who joined before a time are found, the earliest first', async () => {
  const joinEndTime = timestampFromMs(firstJoin + 2 * dayMs);
  expect(idsOf(await list({ joinEndTime }))).toEqual(['a-1', 'b-9', 'a-10', 'a-2']);
});

test('members are listed for a period of join times that ends after it starts', async () => {
  const joinStartTime = timestampFromMs(firstJoin);
  for (const joinEndTime of [joinStartTime, timestampFromMs(firstJoin - 1)]) {
    expect(await refusalOf(list({ joinStartTime, joinEndTime }))).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'join_end_time', message: 'must be later than join_start_time' }],
    });
  }
});

test.each([
  ['attributeKey', 'attribute_key', 'needs attribute_value, which is what the attribute must be'],
  ['attributeValue', 'attribute_value', 'needs attribute_key, which names the attribute'],
])('%s is refused alone', async (name, field, message) => {
  expect(await refusalOf(list({ [name]: 'shop' }))).toMatchObject({
    reason: 'VALIDATION_FAILED',
    violations: [{ field, message }],
  });
});

test('a token is good for its filter only', async () => {
  const { memberships } = setting.clients;
  const asked = { programId, pageSize: 1, attributeKey: 'shop', attributeValue: 'paris' };
  const { nextPageToken: pageToken } = await memberships.listMembers(asked, checkout);
  for (const request of [
    { ...asked, pageToken, attributeValue: 'rome' },
    { programId, pageToken },
    { ...asked, pageToken, joinStartTime: timestampFromMs(0) },
  ]) {
    expect(await refusalOf(memberships.listMembers(request, checkout))).toMatchObject({
      reason: 'VALIDATION_FAILED',
    });
  }
});
