import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { DescService } from '@bufbuild/protobuf';
import { errorsPage } from './errors-page.ts';
import { htmlPage, paths } from './html-page.ts';
import { contentPage, type Page } from './page.ts';

/**
 * What the pages may do: run and load what this origin serves, and send requests to it. A script from elsewhere could read the
 * token that someone enters.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const htmlHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

const html = 'text/html; charset=utf-8';
const css = 'text/css; charset=utf-8';
const javascript = 'text/javascript; charset=utf-8';

const viewer = htmlPage({
  path: paths.viewer,
  title: 'Loyalty API',
  head: `<link rel="stylesheet" href="${paths.swaggerStylesheet}">
<script defer src="${paths.swaggerScript}"></script>
<script type="module" src="${paths.viewerScript}"></script>
`,
  body: `<main id="viewer"></main>
<noscript><p class="notice">The API reference needs JavaScript. Without it, read <a href="${paths.openapi}">openapi.json</a>.</p></noscript>`,
});

/**
 * Reads what the gateway shows of its API: the OpenAPI document, a viewer of it, and the catalog of errors.
 *
 * @throws {Error} when a file is missing
 */
export function readReference(services: readonly DescService[]): Page[] {
  const swagger = createRequire(import.meta.url);
  const own = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url));
  const page = (path: string, contentType: string, content: Buffer) =>
    contentPage({ path, contentType, content });
  const document = (path: string, content: string) =>
    contentPage({ path, contentType: html, headers: htmlHeaders, content: Buffer.from(content) });
  return [
    { path: '/', location: paths.viewer },
    { path: `${paths.viewer}/`, location: paths.viewer },
    document(paths.viewer, viewer),
    document(paths.errors, errorsPage(services)),
    page(
      paths.openapi,
      'application/json; charset=utf-8',
      readFileSync(new URL('../../openapi.json', import.meta.url)),
    ),
    page(paths.viewerScript, javascript, own('viewer.js')),
    page(paths.stylesheet, css, own('reference.css')),
    page(paths.icon, 'image/svg+xml', own('icon.svg')),
    page(
      paths.swaggerScript,
      javascript,
      readFileSync(swagger.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
    ),
    page(
      paths.swaggerStylesheet,
      css,
      readFileSync(swagger.resolve('swagger-ui-dist/swagger-ui.css')),
    ),
  ];
}
