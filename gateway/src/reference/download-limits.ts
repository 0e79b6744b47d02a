import { Overloaded, RateLimited } from '@loyalty/platform/rpc/errors.ts';

/** Bounds of what is on its way to callers without a token. */
export interface DownloadLimitsOptions {
  /** Bytes on their way to one address. */
  readonly addressBytesMax: number;
  /** Bytes on their way to all. */
  readonly bytesMax: number;
}

/**
 * Counts bytes on their way to an address until the returned function is called.
 *
 * @throws {RateLimited} when the address has too many of them
 * @throws {Overloaded} when all addresses together have too many
 */
export type DownloadLimits = (address: string, bytes: number) => () => void;

const retryAfterMs = 1000;

/**
 * Keeps what nobody reads from filling the memory: with TLS, every response has a copy of its own until the client has read it.
 * It also keeps one address from taking all of the process's time.
 */
export function createDownloadLimits(options: DownloadLimitsOptions): DownloadLimits {
  const { addressBytesMax, bytesMax } = options;
  const byAddress = new Map<string, number>();
  let total = 0;
  return (address, bytes) => {
    const ofAddress = byAddress.get(address) ?? 0;
    if (ofAddress + bytes > addressBytesMax) {
      throw new RateLimited(
        `This address already has ${ofAddress} bytes of the reference on their way, of ${addressBytesMax} at most; wait until they have arrived`,
        {
          policy: { unit: 'content-bytes', quota: addressBytesMax, windowSeconds: undefined },
          retryAfterMs,
        },
      );
    }
    if (total + bytes > bytesMax) {
      throw new Overloaded('The gateway has reached its limit of bytes on their way to strangers');
    }
    byAddress.set(address, ofAddress + bytes);
    total += bytes;
    return () => {
      total -= bytes;
      const left = (byAddress.get(address) ?? 0) - bytes;
      if (left > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    };
  };
}
