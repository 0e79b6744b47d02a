import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { claimDataDirectory } from './data-directory.ts';

let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'loyalty data ')), '.local');
});

afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

describe('the data folder', () => {
  test('belongs to one running platform at a time', () => {
    // What stands behind the pid file is told by its command line.
    const other = spawn(process.execPath, [
      '-e',
      'setInterval(() => {}, 1000)',
      'local/src/main.ts',
    ]);
    try {
      mkdirSync(directory);
      writeFileSync(join(directory, 'pid'), String(other.pid));
      expect(() => claimDataDirectory(directory)).toThrow(
        `already running in ${directory} (process ${other.pid}).\n`,
      );
      writeFileSync(join(directory, 'env'), "export LOYALTY_URL='http://127.0.0.1:8080'\n");
      expect(() => claimDataDirectory(directory)).toThrow(
        /, with the gateway at http:.*:8080\.\nUse that one, stop it \(kill \d+\), .*\nLOYALTY_LOCAL_DIRECTORY='.*\.local-2' .*_PORT=0 npm start$/,
      );
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('can be claimed after a platform that was killed, and when its number is another process', () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'pid'), String(process.pid));
    const taken = claimDataDirectory(directory);
    expect(taken.wasLeft).toBe(true);
    taken.release();
    expect(readdirSync(directory)).toEqual([]);
    expect(claimDataDirectory(directory).wasLeft).toBe(false);
  });

  test('is closed to other users', () => {
    claimDataDirectory(directory);
    expect(statSync(directory).mode & 0o007).toBe(0);
  });

  test('that can not be written is refused with the way out', () => {
    writeFileSync(directory, 'a file where the folder should be');
    expect(() => claimDataDirectory(directory)).toThrow('LOYALTY_LOCAL_DIRECTORY');
  });

  test('keeps its secret, which others can not read, also when it is emptied', () => {
    const data = claimDataDirectory(directory);
    const secret = data.secret();
    mkdirSync(data.path('postgres/data'), { recursive: true });
    data.empty();
    expect(existsSync(data.path('postgres'))).toBe(false);
    expect(data.secret()).toBe(secret);
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(statSync(data.path('secret')).mode & 0o777).toBe(0o600);
  });

  test('gives a shell the settings exactly as they are', () => {
    const data = claimDataDirectory(directory);
    const values = { LOYALTY_A: `it's "$HOME" \\ here`, LOYALTY_B: 'postgres://u@h:1/d?x=1&y=2' };
    data.writeEnv(values);
    expect(statSync(data.path('env')).mode & 0o777).toBe(0o600);
    const printed = execFileSync('sh', [
      '-c',
      `. "$0" && printf '%s\n%s' "$LOYALTY_A" "$LOYALTY_B"`,
      data.path('env'),
    ]);
    expect(printed.toString().split('\n')).toEqual(Object.values(values));
    expect(data.readEnv()['LOYALTY_B']).toBe(values.LOYALTY_B);
  });
});
