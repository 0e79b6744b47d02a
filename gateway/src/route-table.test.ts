import { describe, expect, test } from '@jest/globals';
import { parsePathTemplate } from './path-template.ts';
import { createRouteTable } from './route-table.ts';

function route(name: string, httpMethod: string, path: string) {
  return { name, httpMethod, template: parsePathTemplate(path) };
}

const table = createRouteTable([
  route('list', 'GET', '/v1/programs'),
  route('create', 'POST', '/v1/programs'),
  route('get', 'GET', '/v1/programs/{program_id}'),
  route('update', 'PATCH', '/v1/programs/{program_id}'),
  route('activate', 'POST', '/v1/programs/{program_id}:activate'),
  route('earn', 'POST', '/v1/programs/{program_id}/earns'),
  route('submit', 'POST', '/v1/programs/{program_id}/earns:submit'),
  route('popular', 'GET', '/v1/programs/{program_id}/members/popular'),
  route('member', 'GET', '/v1/programs/{program_id}/members/{user_id}'),
  route('suspend', 'POST', '/v1/programs/{program_id}/members/{user_id}:suspend'),
  route('balance', 'GET', '/v1/programs/{program_id}/members/{user_id}/balance'),
]);

function matchOf(httpMethod: string, path: string) {
  const match = table(httpMethod, path);
  switch (match.found) {
    case 'route':
      return [match.route.name, ...match.values];
    case 'path':
      return `allow ${match.allow.join(', ')}`;
    case 'nothing':
      return 'nothing';
  }
}

describe('a path leads', () => {
  test.each([
    ['GET', '/v1/programs', ['list']],
    ['HEAD', '/v1/programs', ['list']],
    ['PATCH', '/v1/programs/wine-dine', ['update', 'wine-dine']],
    ['POST', '/v1/programs/wine-dine:activate', ['activate', 'wine-dine']],
    ['POST', '/v1/programs/wine-dine/earns', ['earn', 'wine-dine']],
    ['POST', '/v1/programs/wine-dine/earns:submit', ['submit', 'wine-dine']],
    ['GET', '/v1/programs/p/members/popular', ['popular', 'p']],
    ['GET', '/v1/programs/p/members/popular/balance', ['balance', 'p', 'popular']],
    ['GET', '/v1/programs/p/members/alice/balance', ['balance', 'p', 'alice']],
  ])('%s %s to its method', (httpMethod, path, expected) => {
    expect(matchOf(httpMethod, path)).toEqual(expected);
  });

  test('to an id that has a colon, unless what follows it is a verb of that very place', () => {
    expect(matchOf('GET', '/v1/programs/p/members/auth0:123')).toEqual([
      'member',
      'p',
      'auth0:123',
    ]);
    expect(matchOf('GET', '/v1/programs/p/members/bob:activate')).toEqual([
      'member',
      'p',
      'bob:activate',
    ]);
    expect(matchOf('POST', '/v1/programs/p/members/a:b:suspend')).toEqual(['suspend', 'p', 'a:b']);
  });

  test('to an id that ends like a verb, when its colon is escaped', () => {
    expect(matchOf('GET', '/v1/programs/p/members/bob%3Asuspend')).toEqual([
      'member',
      'p',
      'bob%3Asuspend',
    ]);
    expect(matchOf('GET', '/v1/programs/p/members/bob:suspend')).toBe('allow POST');
  });

  test('to an id with a slash, when it is escaped', () => {
    expect(matchOf('GET', '/v1/programs/p/members/a%2Fb')).toEqual(['member', 'p', 'a%2Fb']);
  });

  test.each([
    '/',
    '',
    '/v1',
    '/v1/programs/',
    '/v1//programs',
    '/v1/programs//earns',
    '/v1/programs/p/unknown',
    '/v1/programs/p/earns:unknown',
    'v1/programs',
  ])('nowhere: "%s"', (path) => {
    expect(matchOf('POST', path)).toBe('nothing');
  });

  test('to the methods that it allows, when it is asked for another', () => {
    expect(matchOf('DELETE', '/v1/programs')).toBe('allow GET, HEAD, POST');
    expect(matchOf('GET', '/v1/programs/p:activate')).toBe('allow POST');
  });
});

test('two routes with the same method and path prevent the start', () => {
  expect(() =>
    createRouteTable([route('a', 'GET', '/v1/{x}'), route('b', 'GET', '/v1/{y}')]),
  ).toThrow('two routes are GET /v1/{}');
});
