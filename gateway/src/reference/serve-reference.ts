import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contentCodingFor } from '../content-coding.ts';
import { addVary, etagHeader, hasAlready } from '../etags.ts';
import { HttpRefusal } from '../http-refusal.ts';
import type { DownloadLimits } from './download-limits.ts';
import type { ContentPage, Page } from './page.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What is served instead of a route. */
    page: Page | undefined;
  }
}

/** Serves the pages to anyone, without a token: no service behind the gateway is asked. */
export function serveReference(
  app: FastifyInstance,
  { pages, downloads }: { pages: readonly Page[]; downloads: DownloadLimits },
): void {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  app.decorateRequest('page', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    const [path = ''] = (request.raw.url ?? '').split('?', 1);
    const page = byPath.get(path);
    return page === undefined ? done() : servePage(page, request, reply);
  });

  async function servePage(
    page: Page,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new HttpRefusal(405, 'The path allows GET, HEAD', { allow: 'GET, HEAD' });
    }
    request.page = page;
    // A browser must ask whether it has the present version: the pages of a release belong together.
    reply.header('cache-control', 'public, no-cache');
    if ('location' in page) return await reply.redirect(page.location, 302);
    return await sendContent(request, reply, { page, downloads });
  }
}

async function sendContent(
  { headers, ip, method }: FastifyRequest,
  reply: FastifyReply,
  { page, downloads }: { page: ContentPage; downloads: DownloadLimits },
): Promise<FastifyReply> {
  const coding = contentCodingFor(headers['accept-encoding'], page.content.length);
  const etag = etagHeader(page.etag, coding);
  addVary(reply, 'Accept-Encoding');
  if (hasAlready(headers['if-none-match'], etag))
    return reply.code(304).header('etag', etag).send();
  const bytes = coding === undefined ? page.content : await page.encoded(coding);
  // A client that has left meanwhile doesn't leave again.
  if (method === 'GET' && !reply.raw.destroyed) {
    reply.raw.once('close', downloads(ip, bytes.length));
  }
  reply.headers(page.headers).header('etag', etag).type(page.contentType);
  if (coding !== undefined) reply.header('content-encoding', coding);
  return reply.send(bytes);
}
