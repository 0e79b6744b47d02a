import type {
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { CallContext } from './call-context.ts';
import { NotImplemented } from './errors.ts';

/** Serves one method. Errors with a reason of the catalog are returned as such, all others as INTERNAL. */
export type Handler<M extends DescMethodUnary> = (
  request: MessageShape<M['input']>,
  context: CallContext,
) => Promise<MessageInitShape<M['output']>>;

/** A handler for each method of a service; only unary methods can be served. */
export type Handlers<S extends DescService> = {
  readonly [K in keyof S['method']]: S['method'][K] extends DescMethodUnary
    ? Handler<S['method'][K]>
    : never;
};

/** A handler whose types the compiler has checked already. */
export type AnyHandler = Handler<DescMethodUnary>;

/** A service with its handlers, ready for `createRpcServer`. */
export interface Mountable {
  readonly service: DescService;
  /** Keyed by the method's name in the generated code (`getBalance`). */
  readonly handlers: Readonly<Record<string, AnyHandler>>;
}

/**
 * Pairs a service with its handlers. A missing handler is a type error; `unimplemented` is a placeholder for a later
 * one.
 */
export function implement<S extends DescService>(service: S, handlers: Handlers<S>): Mountable {
  return { service, handlers: handlers as unknown as Readonly<Record<string, AnyHandler>> };
}

/** A handler that returns UNIMPLEMENTED. */
export function unimplemented(): Promise<never> {
  return Promise.reject(new NotImplemented('This release does not serve the method yet'));
}
