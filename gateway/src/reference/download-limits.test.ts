import { describe, expect, test } from '@jest/globals';
import { createDownloadLimits } from './download-limits.ts';

describe('what is on its way to strangers', () => {
  test('is bounded for an address, until it has arrived', () => {
    const download = createDownloadLimits({ addressBytesMax: 100, bytesMax: 1000 });
    const arrive = download('192.0.2.1', 60);
    expect(() => download('192.0.2.1', 41)).toThrow(
      expect.objectContaining({
        reason: 'RATE_LIMITED',
        metadata: { unit: 'content-bytes', quota: '100' },
      }),
    );
    download('192.0.2.2', 100)();
    download('192.0.2.1', 40)();
    arrive();
    download('192.0.2.1', 100)();
  });

  test('is bounded in total', () => {
    const download = createDownloadLimits({ addressBytesMax: 100, bytesMax: 150 });
    const arrive = download('192.0.2.1', 100);
    expect(() => download('192.0.2.2', 51)).toThrow(
      expect.objectContaining({ reason: 'OVERLOADED' }),
    );
    arrive();
    download('192.0.2.2', 100)();
  });
});
