import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { secretText } from '../domain/webhook.ts';
import { signedHeaders } from './signed-headers.ts';

const current = secretText(Buffer.alloc(32, 7));
const previous = secretText(Buffer.alloc(32, 8));
const body = '{"id":"12-3","actor":"service:Zoë"}';
const event = { eventId: '12-3', body };

test('the verifier of Standard Webhooks accepts a delivery, and no other body', () => {
  const headers = signedHeaders({ ...event, secrets: [current], timeMs: Date.now() });
  expect(new Webhook(current).verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(current).verify(body.replace('3', '4'), headers)).toThrow(
    'No matching signature',
  );
  expect(() => new Webhook(previous).verify(body, headers)).toThrow('No matching signature');
});

test('while a secret is rotated, receivers with either one accept it', () => {
  const headers = signedHeaders({ ...event, secrets: [current, previous], timeMs: Date.now() });
  for (const secret of [current, previous]) {
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  }
});

test('it is what the specification says', () => {
  const headers = signedHeaders({ ...event, secrets: [current], timeMs: 1_767_225_600_999 });
  const signature = createHmac('sha256', Buffer.alloc(32, 7))
    .update(`12-3.1767225600.${body}`)
    .digest('base64');
  expect(headers).toEqual({
    'webhook-id': '12-3',
    'webhook-timestamp': '1767225600',
    'webhook-signature': `v1,${signature}`,
  });
});

// What docs/webhooks.md tells receivers without the library to do.
test('Python’s standard library verifies it', () => {
  const headers = signedHeaders({ ...event, secrets: [current, previous], timeMs: Date.now() });
  const program = `
import base64, hashlib, hmac, json, sys
given = json.load(sys.stdin)
headers, secret = given["headers"], given["secret"]
signed = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{given["body"]}'.encode()
key = base64.b64decode(secret.removeprefix("whsec_"))
expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
signatures = [part.removeprefix("v1,") for part in headers["webhook-signature"].split(" ")]
print(any(hmac.compare_digest(expected, each) for each in signatures))
`;
  for (const secret of [current, previous]) {
    const input = JSON.stringify({ headers, secret, body });
    const output = execFileSync('python3', ['-c', program], { input, encoding: 'utf8' });
    expect(output.trim()).toBe('True');
  }
});
