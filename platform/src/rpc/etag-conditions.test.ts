import { expect, test } from '@jest/globals';
import { etagConditions } from './etag-conditions.ts';

test.each<[conditions: string[], accepted: string[][]]>([
  [[], []],
  [['', ''], []],
  [['7-1'], [['7-1']]],
  [['"7-1"'], [['7-1']]],
  [['W/"7-1"'], [['7-1']]],
  [[' "6-1" , "7-1" '], [['6-1', '7-1']]],
  [
    ['*', '"7-1"'],
    [['*'], ['7-1']],
  ],
  [['""'], [['']]],
])('the conditions %j accept %j', (conditions, accepted) => {
  expect(etagConditions(...conditions)).toEqual(accepted);
});
