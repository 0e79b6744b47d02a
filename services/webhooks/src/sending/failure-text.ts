const lengthMax = 300;

/** What kept a request from getting a response, by the code that Node, OpenSSL or the resolver gives. */
const textOfCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before a response came',
  EPIPE: 'the connection was closed before a response came',
  ETIMEDOUT: "the host didn't respond",
  EHOSTUNREACH: "the host can't be reached",
  ENETUNREACH: "the host can't be reached",
  EADDRNOTAVAIL: "the host can't be reached",
  ENOTFOUND: 'the host name has no address',
  ENODATA: 'the host name has no address',
  EAI_AGAIN: "the name servers didn't respond",
  ESERVFAIL: "the name servers didn't respond",
  ETIMEOUT: "the name servers didn't respond",
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: "the certificate isn't valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is from an authority that isn't trusted",
  UNABLE_TO_GET_ISSUER_CERT: "the certificate is from an authority that isn't trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate is from an authority that isn't trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the certificate is from an authority that isn't trusted, or the server leaves out the ones between",
};

/**
 * Why a request got no response, for the log of deliveries. Messages of Node and OpenSSL aren't passed on: they give advice
 * about this process, and name files of its source.
 */
export function failureText(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined) return `${textOfCode[code] ?? familyText(code)} (${code})`;
  const text = Error.isError(error) && error.message !== '' ? error.message : String(error);
  return text.toWellFormed().replaceAll('\0', '').slice(0, lengthMax);
}

function familyText(code: string): string {
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return 'TLS failed';
  }
  if (code.startsWith('CERT_')) return "the certificate isn't valid";
  return code.startsWith('HPE_') ? "the response isn't HTTP" : 'the request failed';
}

function codeOf(error: unknown): string | undefined {
  const code = Error.isError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
}
