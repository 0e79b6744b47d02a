import { expect, test } from '@jest/globals';
import { AddressRefused } from './checked-lookup.ts';
import { failureText } from './failure-text.ts';

const failed = (message: string, code: string) => Object.assign(new Error(message), { code });

test('an unknown certificate is explained without advice about this process', () => {
  const error = failed(
    'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  );
  expect(failureText(error)).toBe(
    "the certificate is from an authority that isn't trusted, or the server leaves out the ones between (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
  );
});

test('a failure of TLS names no source file', () => {
  const message =
    'write EPROTO C0D7:error:0A00010B:SSL routines:wrong version number:../deps/openssl/ssl/record/methods/tlsany_meth.c:80:\n';
  expect(failureText(failed(message, 'EPROTO'))).toBe('TLS failed (EPROTO)');
  expect(failureText(failed(message, 'ERR_SSL_WRONG_VERSION_NUMBER'))).toBe(
    'TLS failed (ERR_SSL_WRONG_VERSION_NUMBER)',
  );
});

test('a connection that nobody takes', () => {
  expect(failureText(failed('connect ECONNREFUSED 127.0.0.1:9', 'ECONNREFUSED'))).toBe(
    'the connection was refused (ECONNREFUSED)',
  );
});

test('our own words are kept', () => {
  const problem = '127.0.0.1 is not a public address (loopback)';
  expect(failureText(new AddressRefused(problem))).toBe(problem);
  expect(failureText(new Error('no response within 15 s'))).toBe('no response within 15 s');
});
