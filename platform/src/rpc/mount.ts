import type { DescMethodUnary, DescService } from '@bufbuild/protobuf';
import type { AnyHandler, Mountable } from './handler.ts';

/** The service's methods. Throws, naming the method, if one streams: the pipeline supports only unary calls. */
export function unaryMethodsOf(service: DescService): DescMethodUnary[] {
  return service.methods.map((method) => {
    if (method.methodKind !== 'unary') {
      throw new Error(`${service.typeName}/${method.name} can't be served: it isn't unary`);
    }
    return method as DescMethodUnary;
  });
}

export function handlerOf({ service, handlers }: Mountable, method: DescMethodUnary): AnyHandler {
  const handler = handlers[method.localName];
  if (handler === undefined) {
    throw new Error(`${service.typeName}/${method.name} can't be served: it has no handler`);
  }
  return handler;
}
