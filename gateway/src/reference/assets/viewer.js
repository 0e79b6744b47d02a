// Starts Swagger UI on the gateway's own OpenAPI document. The entered token stays in this page's memory.

/** Keeps the operations whose path, id or summary has the phrase; the viewer itself looks only at tags. */
function findOperations(taggedOperations, phrase) {
  const wanted = phrase.toLowerCase();
  const isWanted = (operation) =>
    [
      operation.get('path'),
      operation.getIn(['operation', 'operationId']),
      operation.getIn(['operation', 'summary']),
    ].some((text) => text?.toLowerCase().includes(wanted));
  return taggedOperations
    .map((tag, name) =>
      name.toLowerCase().includes(wanted)
        ? tag
        : tag.update('operations', (operations) => operations.filter(isWanted)),
    )
    .filter((tag) => tag.get('operations').size > 0);
}

function describeFilter() {
  const input = document.querySelector('.operation-filter-input');
  if (input === null) return;
  input.placeholder = 'Filter by path, name or tag';
  input.setAttribute('aria-label', input.placeholder);
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const followTheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followTheme);
followTheme();

const isWide = matchMedia('(min-width: 48rem)').matches;

globalThis.SwaggerUIBundle({
  domNode: document.querySelector('#viewer'),
  url: '/openapi.json',
  // Neither an address in the page's query nor a validator elsewhere.
  queryConfigEnabled: false,
  validatorUrl: null,
  persistAuthorization: false,
  deepLinking: true,
  docExpansion: isWide ? 'list' : 'none',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  plugins: [{ fn: { opsFilter: findOperations } }],
  onComplete: describeFilter,
});
