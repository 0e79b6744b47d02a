import type { Connection } from './connection.ts';
import { type GrpcSessionOptions, openGrpcSession, type UnsentCall } from './grpc-session.ts';

/** Goes over to another session when the server retires one, which it does with those that are a few minutes old. */
export async function openGrpcConnection(options: GrpcSessionOptions): Promise<Connection> {
  let session = await openGrpcSession(options, sendAgain);
  let opening: Promise<void> | undefined;

  async function openNext(): Promise<void> {
    session = await openGrpcSession(options, sendAgain);
    opening = undefined;
  }

  async function callOnNext(message: Buffer): Promise<string | undefined> {
    opening ??= openNext();
    await opening;
    return call(message);
  }

  function call(message: Buffer): Promise<string | undefined> {
    return session.isRetired() ? callOnNext(message) : session.call(message);
  }

  function sendAgain({ message, caller }: UnsentCall): void {
    call(message).then(caller.resolve, caller.reject);
  }

  return { call, close: () => session.close() };
}
