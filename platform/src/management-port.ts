import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { answerProblem, type HttpProblem } from './rpc/http-problem.ts';
import { refusalOptions, refuseByProblem, servingValid } from './rpc/http-refusals.ts';
import { closeIfBodyIsUnderWay } from './rpc/lingering-close.ts';

export interface ManagementPortOptions {
  /** Whether calls should come to this process now. */
  readonly isReady: () => boolean | Promise<boolean>;
  readonly metrics: Registry;
}

export interface ManagementPort {
  /** Starts to listen; resolves to the port. */
  listen(listen: { host: string; port: number }): Promise<number>;
  /** Stops listening and cuts its connections. */
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * Orchestrator and monitoring need a few; more would exhaust the process. A further connection ends the oldest: if it was
 * refused instead, a hundred that stay open would keep the orchestrator out, which would then restart the process.
 */
const connectionsMax = 100;
const requestArrivalMsMax = 5_000;
/** Ends connections that don't read their responses. */
const silenceMsMax = 10_000;

/**
 * What orchestrators and monitoring ask, without a token and without TLS, on a port of its own that callers can't reach:
 * `/livez`, `/readyz`, `/metrics`. Anything else isn't found.
 */
export function createManagementPort({ isReady, metrics }: ManagementPortOptions): ManagementPort {
  const metricsText = shared(() => metrics.metrics());
  const pages = new Map<string, () => Promise<Page>>([
    ['/livez', () => Promise.resolve(text(200, 'alive'))],
    ['/readyz', async () => ((await isReady()) ? text(200, 'ready') : text(503, 'not ready'))],
    [
      '/metrics',
      async () => ({ status: 200, contentType: metrics.contentType, body: await metricsText() }),
    ],
  ]);

  function serve(request: IncomingMessage, response: ServerResponse): void {
    closeIfBodyIsUnderWay(response);
    const page = pages.get(request.url?.split('?', 1)[0] ?? '');
    if (page === undefined) {
      answerProblem(response, notFound);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      answerProblem(response, notAllowed);
    } else {
      void page()
        .catch(() => text(500, 'failed'))
        .then(({ status, contentType, body }) => {
          response.statusCode = status;
          response.setHeader('content-type', contentType);
          response.setHeader('content-length', Buffer.byteLength(body));
          response.end(request.method === 'HEAD' ? '' : body);
        });
    }
  }

  const serveValid = servingValid(serve);
  const server = createServer(
    {
      ...refusalOptions,
      requestTimeout: requestArrivalMsMax,
      headersTimeout: requestArrivalMsMax,
      connectionsCheckingInterval: 1000,
    },
    serveValid,
  );
  server.on('checkExpectation', serveValid);
  refuseByProblem(server);
  limitConnections(server);
  server.setTimeout(silenceMsMax);

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function limitConnections(server: Server): void {
  // In the order of their beginning.
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [oldest] = open;
    if (open.size > connectionsMax) oldest?.destroy();
  });
}

const notFound: HttpProblem = {
  status: 404,
  title: 'Not found',
  detail: 'There is nothing at this path; there are /livez, /readyz and /metrics',
};

const notAllowed: HttpProblem = {
  status: 405,
  title: 'Method not allowed',
  detail: 'The path allows GET and HEAD',
};

/** Computes once at a time: who asks meanwhile gets the same answer. */
function shared<Value>(compute: () => Promise<Value>): () => Promise<Value> {
  let underWay: Promise<Value> | undefined;
  return () => {
    underWay ??= compute().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

function text(status: number, body: string): Page {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}
