import { expect, test } from '@jest/globals';
import { rotated, rotationMs, signingSecrets, validSettings, wants } from './webhook.ts';

const settings = { description: '', eventTypes: [], state: 'ENABLED' } as const;

test('an event type that no event has is named', () => {
  const url = 'https://shop.example/hook';
  expect(() =>
    validSettings(
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
