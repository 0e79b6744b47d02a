import { isReasoned, ServiceUnavailable } from '@loyalty/platform/errors.ts';

/** Names the service in the error of a call that couldn't reach it, which grpc-js doesn't. */
export function naming(who: string): <Result>(call: Promise<Result>) => Promise<Result> {
  return async (call) => {
    try {
      return await call;
    } catch (error) {
      if (!isReasoned(error) || error.reason !== 'SERVICE_UNAVAILABLE') throw error;
      throw new ServiceUnavailable(`${who} can't be reached`, { cause: error });
    }
  };
}
