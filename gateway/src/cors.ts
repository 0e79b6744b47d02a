import type { FastifyInstance } from 'fastify';

const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'X-Request-Id',
  'Traceparent',
].join(', ');
const exposedHeaders = [
  'ETag',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
].join(', ');
const preflightSecondsMax = '600';

/**
 * Lets browsers from the given origins read the responses; `*` means every origin. Tokens travel in a header, so
 * that no cookie is ever asked for.
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const isOpen = origins.includes('*');
  app.addHook('onRequest', async (request, reply) => {
    if (!isOpen) reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !(isOpen || origins.includes(origin))) return;
    reply.header('access-control-allow-origin', isOpen ? '*' : origin);
    reply.header('access-control-expose-headers', exposedHeaders);
    const asked = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || asked === undefined) return;
    await reply
      .code(204)
      .header('access-control-allow-methods', 'GET, HEAD, POST, PATCH, PUT, DELETE')
      .header('access-control-allow-headers', allowedHeaders)
      .header('access-control-max-age', preflightSecondsMax)
      .send();
  });
}
