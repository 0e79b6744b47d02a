import { type DescExtension, type DescMethod, getOption } from '@bufbuild/protobuf';
import { contractRegistry } from './contract-registry.ts';

/** From the project's top. */
export const errorDocsFile = 'docs/errors.md';

/** What the contract says of a reason; `code` is a number of google.rpc.Code. */
export interface ErrorAnswer {
  readonly code: number;
  readonly httpStatus: number;
  readonly meaning: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly anyMethod: boolean;
}

const introduction = `<!-- Written by \`npm run generate\` from proto/loyalty/options/v1/errors.proto. -->
# Errors

Every error has a *reason* from this catalog. Clients should decide by the reason: the texts are for people, and
may change.

- **gRPC, gRPC-Web and Connect**: \`google.rpc.ErrorInfo\` in the status details has the reason, the domain \`loyalty\`
  and metadata; \`google.rpc.BadRequest\` has the fields at fault, and \`google.rpc.RetryInfo\` says when to try again.
- **HTTP**: an \`application/problem+json\` body (RFC 9457) has \`reason\`, \`metadata\` and \`violations\`, and its \`type\`
  links to a section of this page; the header \`Retry-After\` says when to try again. An error of HTTP itself, such as an
  unknown path, has the type \`about:blank\`, and only its status is meaningful.

A *retryable* error may go away by itself: the same request, unchanged, can succeed later.

Each section names the *methods* that can fail for its reason, by their RPCs. A method fails for no other reasons; if one
does, the service logs it as an error. The outcomes of \`BatchEarn\` and \`BatchAdjust\` have the reasons of \`Earn\` and
\`AdjustBalance\`.

To find the error in the logs, use the request id from the header or metadata \`x-request-id\`.`;

/** The page, from the contracts as they are now; throws a Finding of buf's messages when one has an error. */
export async function errorDocs(): Promise<string> {
  const registry = await contractRegistry();
  const reasons = registry.getEnum('loyalty.options.v1.ErrorReason');
  const option = registry.getExtension('loyalty.options.v1.error_answer');
  const declared = registry.getExtension('loyalty.options.v1.errors');
  const codes = registry.getEnum('google.rpc.Code');
  if (!reasons || !option || !declared || !codes) {
    throw new Error('The contracts have no catalog of errors');
  }
  const services = [...registry].filter((element) => element.kind === 'service');
  const methods = services
    .flatMap((service) => service.methods)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const sections = reasons.values
    .filter(({ number }) => number !== 0)
    .map((value) => {
      const { code, httpStatus, meaning, remedy, retryable, anyMethod } = getOption(
        value,
        option,
      ) as ErrorAnswer;
      const failing = methods.filter((method) =>
        reasonsOf(method, declared).includes(value.number),
      );
      return [
        // The heading's anchor is the reason in lower case.
        `## ${value.name}`,
        meaning,
        `**What to do:** ${remedy}`,
        `gRPC \`${codes.value[code]?.name}\` · HTTP ${httpStatus}${retryable ? ' · retryable' : ''}`,
        `**Methods:** ${anyMethod ? 'every method' : failing.map(({ name }) => `\`${name}\``).join(', ')}`,
      ].join('\n\n');
    });
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

/** Numbers of those that a method declares. */
function reasonsOf(method: DescMethod, declared: DescExtension): readonly number[] {
  return getOption(method, declared) as readonly number[];
}
