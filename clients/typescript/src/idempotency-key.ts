import { randomUUID } from 'node:crypto';
import { clone, type DescMessage, getOption, type Message } from '@bufbuild/protobuf';
import { header } from '@loyalty/proto/loyalty/options/v1/http_pb.ts';

/**
 * Gives requests of the type a key of their own where the method wants one and the caller gave none. The caller's request
 * stays as it is: sent again, it is another request.
 */
export function keyGiver(input: DescMessage): (request: Message) => Message {
  const name = input.fields.find(
    (field) => getOption(field, header) === 'Idempotency-Key',
  )?.localName;
  if (name === undefined) return (request) => request;
  return (request) => {
    if ((request as Message & Record<string, unknown>)[name] !== '') return request;
    return Object.assign(clone(input, request), { [name]: randomUUID() });
  };
}
