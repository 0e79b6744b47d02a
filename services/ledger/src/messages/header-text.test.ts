import { expect, test } from '@jest/globals';
import { headerText, textOfHeader } from './header-text.ts';

test.each(['service:checkout', 'member:Zoë "the" 100% fan', 'member:名前', 'a\tb', ''])(
  'any text survives a header: %j',
  (text) => {
    const header = headerText(text);
    expect(header).toMatch(/^[\x21-\x7e]*$/);
    expect(textOfHeader(header)).toBe(text);
  },
);

test('what is no header of ours has no text', () => {
  expect(textOfHeader('100%')).toBeUndefined();
});
