import { errorsPath } from '../problem.ts';

/** Where the reference has its parts. */
export const paths = {
  viewer: '/docs',
  viewerScript: '/docs/viewer.js',
  swaggerScript: '/docs/swagger-ui-bundle.js',
  swaggerStylesheet: '/docs/swagger-ui.css',
  stylesheet: '/docs/reference.css',
  icon: '/docs/icon.svg',
  errors: errorsPath,
  openapi: '/openapi.json',
} as const;

const links = [
  { path: paths.viewer, text: 'Reference' },
  { path: paths.errors, text: 'Errors' },
  { path: paths.openapi, text: 'openapi.json' },
];

/** An HTML document with the reference's header. The title is text; head and body are HTML. */
export function htmlPage(options: {
  path: string;
  title: string;
  head?: string;
  body: string;
}): string {
  const { path, title, head = '', body } = options;
  const navigation = links.map((link) => {
    const current = link.path === path ? ' aria-current="page"' : '';
    return `<a href="${link.path}"${current}>${link.text}</a>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${paths.icon}" type="image/svg+xml">
${head}<link rel="stylesheet" href="${paths.stylesheet}">
</head>
<body>
<header class="site">
<a class="brand" href="${paths.viewer}"><img src="${paths.icon}" alt="" width="24" height="24">Loyalty</a>
<nav aria-label="Reference">${navigation.join('\n')}</nav>
</header>
${body}
</body>
</html>
`;
}

/** Text as HTML shows it, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
