import { describe, expect, test } from '@jest/globals';
import { requireValidSettings, rotated, rotationMs, signingSecrets, wants } from './webhook.ts';

const settings = { description: '', eventTypes: [], state: 'ENABLED' } as const;

describe('a URL is refused', () => {
  test.each([
    'http://shop.example/hook',
    'ftp://shop.example/hook',
    'shop.example/hook',
    'https://user@shop.example/hook',
    'https://user:password@shop.example/hook',
    'https://shop.example/hook#part',
    '',
  ])('%s', (url) => {
    expect(() => requireValidSettings({ ...settings, url }, { allowsHttp: false })).toThrow(
      'webhook.url',
    );
  });
});

test('local use allows http', () => {
  const url = 'http://127.0.0.1:3000/hook';
  expect(() => requireValidSettings({ ...settings, url }, { allowsHttp: true })).not.toThrow();
});

test('an event type that no event has is named', () => {
  const url = 'https://shop.example/hook';
  expect(() =>
    requireValidSettings(
      { ...settings, url, eventTypes: ['points.earned', 'points.earnt'] },
      { allowsHttp: false },
    ),
  ).toThrow('points.earnt is no event type');
});

test('without event types a webhook wants all', () => {
  expect(wants({ eventTypes: [] }, 'points.earned')).toBe(true);
  expect(wants({ eventTypes: ['points.expired'] }, 'points.earned')).toBe(false);
});

test('for a day after a rotation the previous secret signs too', () => {
  const secrets = rotated({ current: 'old', previous: undefined }, 'new', 0);
  expect(signingSecrets(secrets, rotationMs - 1)).toEqual(['new', 'old']);
  expect(signingSecrets(secrets, rotationMs)).toEqual(['new']);
});
