const bytesMax = 2_000;

/** A URL that events can be sent to, as the URL standard writes it; or what is wrong with it. */
export function checkedUrl(
  text: string,
  { allowsHttp }: { allowsHttp: boolean },
): { readonly url: string } | { readonly problem: string } {
  // The parser would drop some of them, and others make a URL look like another one.
  if (/\p{C}/u.test(text)) {
    return { problem: 'must not contain control or invisible characters' };
  }
  const url = URL.parse(text);
  const problem = url === null ? unparsedProblem(text, allowsHttp) : parsedProblem(url, allowsHttp);
  if (problem !== undefined || url === null) return { problem: problem ?? '' };
  // An empty one is kept otherwise.
  url.hash = '';
  return { url: url.href };
}

function schemesText(allowsHttp: boolean): string {
  return `must be an ${allowsHttp ? 'http or https' : 'https'} URL`;
}

/** What keeps a text from being a URL: where it has a good scheme, that is its host or its port. */
function unparsedProblem(text: string, allowsHttp: boolean): string {
  if (!(allowsHttp ? /^\s*https?:/i : /^\s*https:/i).test(text)) return schemesText(allowsHttp);
  const authority = /^[^:]*:[/\\]*([^/\\?#]*)/.exec(text)?.[1] ?? '';
  const port = /:([^:\]]*)$/.exec(authority)?.[1];
  return port === undefined || isPort(port) ? 'must have a valid host' : badPort;
}

const badPort = 'must have a port from 1 to 65535, or none';

function isPort(text: string): boolean {
  return text === '' || (/^\d+$/.test(text) && Number(text) <= 65_535);
}

function parsedProblem(url: URL, allowsHttp: boolean): string | undefined {
  if (url.protocol !== 'https:' && !(allowsHttp && url.protocol === 'http:')) {
    return schemesText(allowsHttp);
  }
  if (url.username !== '' || url.password !== '') {
    return 'must not have a user or a password; verify the signature instead';
  }
  if (url.hash !== '') return 'must not have a fragment, which no server gets';
  // Node would take it for the scheme's usual one.
  if (url.port === '0') return badPort;
  return Buffer.byteLength(url.href) > bytesMax
    ? `must have at most ${bytesMax} bytes, with its special characters percent-encoded`
    : undefined;
}
