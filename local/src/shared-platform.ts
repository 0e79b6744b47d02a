// One platform for all test files that only use one: a start takes longer than most of their tests.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testRun } from './current-test-run.ts';
import { createPlatformHome, type Platform, startPlatform } from './running-platform.ts';

/** Serves a platform, which starts when it is first asked for. */
export async function serveSharedPlatform(): Promise<{ url: string; stop(): Promise<void> }> {
  let started: ReturnType<typeof start> | undefined;
  const server = createServer((_request, response) => {
    started ??= start();
    started.then(
      ({ platform }) => response.end(JSON.stringify(platform)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await started?.then(
        ({ stop }) => stop(),
        () => undefined,
      );
    },
  };
}

async function start() {
  const home = await createPlatformHome();
  const { env, directory, programsHttp, ledgerHttp, webhooksHttp, stop } =
    await startPlatform(home);
  return {
    platform: { env, directory, programsHttp, ledgerHttp, webhooksHttp } satisfies Platform,
    async stop() {
      await stop();
      await home.remove();
    },
  };
}

/**
 * The platform that the test files of a run share, as `npm start` runs it. A file that kills it, or counts all that happens in a
 * program of the samples, starts its own.
 */
export async function sharedPlatform(): Promise<Platform> {
  const response = await fetch(testRun().platformUrl);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as Platform;
}
