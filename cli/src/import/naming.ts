import { isReasoned, ServiceUnavailable } from '@loyalty/platform/errors.ts';

/** Says of calls that reach nobody who it was: what grpc-js says of a lost connection helps nobody. */
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
