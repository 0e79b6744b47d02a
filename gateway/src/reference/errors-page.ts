import { type DescMethod, type DescService, getOption, hasOption } from '@bufbuild/protobuf';
import { http } from '@loyalty/proto/google/api/annotations_pb.ts';
import { CodeSchema } from '@loyalty/proto/google/rpc/code_pb.ts';
import {
  type ErrorAnswer,
  ErrorReasonSchema,
  error_answer,
  errors,
} from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { anchorOf } from '../problem.ts';
import { escapeHtml, htmlPage, paths } from './html-page.ts';

interface Reason {
  readonly name: string;
  readonly number: number;
  readonly entry: ErrorAnswer;
}

const introduction = `<p>Every error has a <em>reason</em> from this catalog. Decide by the reason: the texts are for people, and may
change. A <em>retryable</em> error may go away by itself: the same request, unchanged, can succeed later.</p>
<ul>
<li><strong>HTTP:</strong> the body is <code>application/problem+json</code> (RFC 9457) with <code>reason</code>,
<code>metadata</code> and <code>violations</code>, and its <code>type</code> links to a section of this page. The header
<code>Retry-After</code> says when to try again. An error of HTTP itself, such as an unknown path, has the type
<code>about:blank</code>.</li>
<li><strong>gRPC and Connect:</strong> the status details have <code>google.rpc.ErrorInfo</code> with the reason, the domain
<code>loyalty</code> and metadata, <code>google.rpc.BadRequest</code> with the fields at fault, and
<code>google.rpc.RetryInfo</code>.</li>
<li>To find an error in the logs, use the request id from the header or metadata <code>x-request-id</code>.</li>
</ul>`;

/** The catalog of reasons as HTML, with the methods of these services that can fail for each. */
export function errorsPage(services: readonly DescService[]): string {
  const reasons = ErrorReasonSchema.values
    .filter(({ number }) => number !== 0)
    .map((value) => ({
      name: value.name,
      number: value.number,
      entry: getOption(value, error_answer),
    }));
  const methods = services.flatMap((service) => service.methods);
  const byStatus = Map.groupBy(reasons, ({ entry }) => entry.httpStatus);
  const statuses = [...byStatus].toSorted(([one], [other]) => one - other);
  return htmlPage({
    path: paths.errors,
    title: 'Errors · Loyalty API',
    body: `<main class="errors">
<div class="introduction">
<h1>Errors</h1>
${introduction}
</div>
<nav class="contents" aria-label="Reasons by HTTP status">
${statuses.map(([status, ofStatus]) => contentsOf(status, ofStatus)).join('\n')}
</nav>
<div class="reasons">
${statuses.flatMap(([, ofStatus]) => ofStatus.map((reason) => sectionOf(reason, methods))).join('\n')}
</div>
</main>`,
  });
}

function contentsOf(status: number, reasons: readonly Reason[]): string {
  const items = reasons.map(({ name }) => `<li><a href="#${anchorOf(name)}">${name}</a></li>`);
  return `<h2>${status}</h2>\n<ul>${items.join('\n')}</ul>`;
}

function sectionOf({ name, number, entry }: Reason, methods: readonly DescMethod[]): string {
  const { httpStatus, code, retryable, meaning, remedy, anyMethod } = entry;
  const labels = [
    `HTTP ${httpStatus}`,
    `gRPC ${CodeSchema.value[code]?.name ?? code}`,
    ...(retryable ? ['retryable'] : []),
  ];
  const failing = methods.filter((method) =>
    getOption(method, errors).some((reason) => reason === number),
  );
  return `<section id="${anchorOf(name)}">
<h2 id="${name}"><a href="#${anchorOf(name)}">${name}</a></h2>
<p class="labels">${labels.map((label) => `<span>${label}</span>`).join(' ')}</p>
<p>${escapeHtml(meaning)}</p>
<p><strong>What to do:</strong> ${escapeHtml(remedy)}</p>
${methodList(anyMethod ? ['any'] : failing.map(methodLink))}</section>`;
}

function methodList(methods: readonly string[]): string {
  if (methods.length === 0) return '';
  return `<p class="methods"><strong>Methods:</strong> ${methods.join(', ')}</p>\n`;
}

/** A method's place in the viewer, which knows those that have a route. */
function methodLink(method: DescMethod): string {
  if (!hasOption(method, http)) return `<span>${method.name}</span>`;
  return `<a href="${paths.viewer}#/${method.parent.name}/${method.localName}">${method.name}</a>`;
}
