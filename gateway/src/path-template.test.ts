import { describe, expect, test } from '@jest/globals';
import { expandPath, parsePathTemplate } from './path-template.ts';

describe('a path template', () => {
  test('knows its literals, fields and verb', () => {
    expect(parsePathTemplate('/v1/programs/{program_id}/earns/{transaction_id}:reverse')).toEqual({
      segments: [
        { literal: 'v1' },
        { literal: 'programs' },
        { field: 'program_id' },
        { literal: 'earns' },
        { field: 'transaction_id' },
      ],
      verb: 'reverse',
    });
    expect(parsePathTemplate('/v1/{program.program_id=*}').segments).toContainEqual({
      field: 'program.program_id',
    });
  });

  test.each(['v1/programs', '/v1/{name=programs/*}', '/v1/**', '/v1//x', '/', '/v1/{Id}'])(
    'is refused when the gateway could not serve it: %s',
    (path) => {
      expect(() => parsePathTemplate(path)).toThrow('path template');
    },
  );

  test('becomes a path in which an id can not add segments, verbs or queries', () => {
    const template = parsePathTemplate('/v1/users/{user_id}:suspend');
    expect(expandPath(template, () => 'a/b:c?d e%')).toBe('/v1/users/a%2Fb%3Ac%3Fd%20e%25:suspend');
  });
});
