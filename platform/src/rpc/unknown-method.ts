import { createConnectRouter, type HandlerContext } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { Health } from '@loyalty/proto/health/v1/health_pb.ts';
import type { Logger } from '../logging.ts';
import { connectErrorOf } from './connect-error.ts';
import { NotImplemented } from './errors.ts';
import { requestIdOf } from './request-id.ts';
import { codeName, statusOf } from './status.ts';

const methodPath = /^\/(\w+(?:\.\w+)+\/\w+)$/;

/** Whether a path has the form of a method: `/loyalty.ledger.v1.LedgerService/Earn`. */
export function isMethodPath(path: string): boolean {
  return methodPath.test(path);
}

/** Refuses calls of methods that aren't served, in the protocol that they come in. */
export function createUnknownMethodHandler(logger: Logger): UniversalHandler {
  const refuse = (_request: unknown, context: HandlerContext): never => {
    const requestId = requestIdOf(context.requestHeader.get('x-request-id') ?? undefined);
    const method = new URL(context.url).pathname.slice(1);
    const status = statusOf(new NotImplemented(`There is no method ${method} here`), requestId);
    const { code, reason } = status;
    logger.info({ requestId, method, transport: 'connect', code: codeName(code), reason }, 'call');
    throw connectErrorOf(status, requestId);
  };
  // Only its shape matters: any unary method would do, because requests and responses are empty.
  const [handler] = createConnectRouter().rpc(Health.method.check, refuse).handlers;
  if (handler === undefined) throw new Error('The router made no handler');
  return handler;
}
