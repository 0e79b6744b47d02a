import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, flag, integer, logLevel, port, readConfig, url } from './config.ts';

const schema = z.object({
  DATABASE_URL: url({ protocols: ['postgres:', 'postgresql:'] }).describe(
    'e.g. postgres://ledger@db/ledger',
  ),
  PORT: port().default(50052),
  POOL: integer({ min: 1, max: 100 }).default(10),
  RELAY: flag().default(true),
  LOG_LEVEL: logLevel().default('info'),
});

const valid = { LEDGER_DATABASE_URL: 'postgres://ledger:hunter2@db/ledger' };

function read(env: Record<string, string>) {
  return readConfig({ env, prefix: 'LEDGER_', schema });
}

function messageOf(env: Record<string, string>): string {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('readConfig', () => {
  test('turns the environment into typed values and fills in defaults', () => {
    expect(read({ ...valid, LEDGER_PORT: '0', LEDGER_RELAY: 'false', PATH: '/bin' })).toEqual({
      DATABASE_URL: valid.LEDGER_DATABASE_URL,
      PORT: 0,
      POOL: 10,
      RELAY: false,
      LOG_LEVEL: 'info',
    });
  });

  test('takes an empty value for an absent one', () => {
    expect(read({ ...valid, LEDGER_POOL: '' }).POOL).toBe(10);
    expect(messageOf({ LEDGER_DATABASE_URL: '' })).toContain('LEDGER_DATABASE_URL is missing');
  });

  test('says what is missing and how to set it', () => {
    expect(messageOf({})).toBe(
      'LEDGER_DATABASE_URL is missing; set it: e.g. postgres://ledger@db/ledger',
    );
  });

  test.each([
    [{ LEDGER_PORT: '70000' }, 'LEDGER_PORT must be a whole number from 0 to 65535'],
    [{ LEDGER_PORT: '80a' }, 'LEDGER_PORT must be a whole number from 0 to 65535'],
    [{ LEDGER_POOL: '0' }, 'LEDGER_POOL must be a whole number from 1 to 100'],
    [{ LEDGER_POOL: '1e1' }, 'LEDGER_POOL must be a whole number from 1 to 100'],
    [{ LEDGER_RELAY: 'yes' }, 'LEDGER_RELAY must be true or false'],
    [
      { LEDGER_LOG_LEVEL: 'loud' },
      'LEDGER_LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent',
    ],
  ])('refuses %j', (env, message) => {
    expect(messageOf({ ...valid, ...env })).toBe(message);
  });

  test('refuses a key with the prefix that it does not know, and suggests the nearest', () => {
    expect(messageOf({ ...valid, LEDGER_PROT: '1' })).toBe(
      'LEDGER_PROT is not a setting; did you mean LEDGER_PORT?',
    );
    expect(messageOf({ ...valid, LEDGER_COLOUR_OF_THE_SKY: '1' })).toContain('remove it (known: ');
  });

  test('names every bad key in one line and repeats no value', () => {
    const message = messageOf({ LEDGER_DATABASE_URL: 'hunter2', LEDGER_PORT: '-1' });
    expect(message).toContain('LEDGER_DATABASE_URL must be a URL that starts with postgres://');
    expect(message).toContain('LEDGER_PORT');
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('\n');
  });
});
