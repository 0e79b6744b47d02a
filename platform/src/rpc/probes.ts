import type { Registry } from 'prom-client';
import type { HttpRequest, HttpResponse } from './http-port.ts';
import { type HttpProblem, problemBody, problemContentType } from './http-problem.ts';
import type { Readiness } from './readiness.ts';

interface Page {
  status: number;
  contentType: string;
  body: string;
}

/** What orchestrators and monitoring ask, without a token: `/livez`, `/readyz`, `/metrics`. Anything else isn't found. */
export function createProbes(
  readiness: Readiness,
  metrics: Registry,
): (request: HttpRequest, response: HttpResponse) => void {
  const pages = new Map<string, () => Promise<Page>>([
    ['/livez', () => Promise.resolve(text(200, 'alive'))],
    [
      '/readyz',
      async () => ((await readiness.isReady()) ? text(200, 'ready') : text(503, 'not ready')),
    ],
    [
      '/metrics',
      async () => ({
        status: 200,
        contentType: metrics.contentType,
        body: await metrics.metrics(),
      }),
    ],
  ]);

  async function pageOf(request: HttpRequest): Promise<Page> {
    const page = pages.get(request.url?.split('?', 1)[0] ?? '');
    if (page === undefined) {
      return refusal({ status: 404, title: 'Not found', detail: 'there is nothing at this path' });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refusal({ status: 405, title: 'Method not allowed', detail: 'use GET' });
    }
    return page().catch(() => text(500, 'failed'));
  }

  return (request, response) => {
    void pageOf(request).then(({ status, contentType, body }) => {
      response.statusCode = status;
      response.setHeader('content-type', contentType);
      response.setHeader('content-length', Buffer.byteLength(body));
      if (status === 405) response.setHeader('allow', 'GET, HEAD');
      response.end(request.method === 'HEAD' ? '' : body);
    });
  };
}

function text(status: number, body: string): Page {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}

function refusal(problem: HttpProblem): Page {
  return { status: problem.status, contentType: problemContentType, body: problemBody(problem) };
}
