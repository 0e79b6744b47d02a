import { getOption } from '@bufbuild/protobuf';
import { contractRegistry } from './contract-registry.ts';
import type { ErrorAnswer } from './error-docs.ts';

/** From the project's top. */
export const clientErrorsFile = 'clients/typescript/src/errors.ts';

const introduction = `// Written by \`npm run generate\` from proto/loyalty/options/v1/errors.proto.
import { LoyaltyError, type LoyaltyErrorOptions } from './loyalty-error.ts';`;

/** The classes, from the contracts as they are now; throws a Finding of buf's messages when one has an error. */
export async function clientErrors(): Promise<string> {
  const registry = await contractRegistry();
  const reasons = registry.getEnum('loyalty.options.v1.ErrorReason');
  const option = registry.getExtension('loyalty.options.v1.error_answer');
  if (!reasons || !option) throw new Error('The contracts have no catalog of errors');
  const values = reasons.values.filter(({ number }) => number !== 0);
  const classes = values.map((value) => {
    const { code, meaning, remedy, retryable } = getOption(value, option) as ErrorAnswer;
    const className = classNameOf(value.name);
    return `/**
 * ${meaning}
 *
 * ${remedy}
 */
export class ${className} extends LoyaltyError {
  override readonly reason = '${value.name}';

  constructor(message: string, options: LoyaltyErrorOptions = {}) {
    super(message, { ...options, reason: '${value.name}', code: ${code}, retryable: ${retryable} });
  }
}`;
  });
  const table = `/** The class of each reason. */
export const errorClasses = {
${values.map(({ name }) => `  ${name}: ${classNameOf(name)},`).join('\n')}
} as const;

/** A reason that this version knows. */
export type Reason = keyof typeof errorClasses;`;
  return `${[introduction, ...classes, table].join('\n\n')}\n`;
}

/** `OutOfStock` for OUT_OF_STOCK. */
function classNameOf(reason: string): string {
  return reason
    .toLowerCase()
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
