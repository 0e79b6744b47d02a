import {
  clone,
  create,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { keyGiver } from '../idempotency-key.ts';
import type { ServiceClient } from '../service-client.ts';
import { requireWholeTexts } from '../whole-texts.ts';
import { NotInDouble } from './double-store.ts';

/** The methods of a service that the double has. They return at once, or throw. */
export type Handlers<S extends DescService> = {
  readonly [K in keyof S['method']]?: (
    request: MessageShape<S['method'][K]['input']>,
  ) => MessageInitShape<S['method'][K]['output']>;
};

type Handler = (request: unknown) => Record<string, unknown>;

/** The service as a client has it; methods without a handler reject with {@link NotInDouble}. */
export function serviceOf<S extends DescService>(
  service: S,
  handlers: Handlers<S> = {},
): ServiceClient<S> {
  const untyped = handlers as Readonly<Record<string, Handler | undefined>>;
  const methods = service.methods.map((method) => {
    const giveKey = keyGiver(method.input);
    const call = async (init: Record<string, unknown>) => {
      const handler = untyped[method.localName];
      if (handler === undefined) throw new NotInDouble(`${service.name}.${method.localName}`);
      // Copies, so that nobody changes what the double remembers.
      const request = giveKey(clone(method.input, create(method.input, init)));
      requireWholeTexts(request);
      return clone(method.output, create(method.output, handler(request)));
    };
    return [method.localName, call];
  });
  return Object.fromEntries(methods) as ServiceClient<S>;
}
