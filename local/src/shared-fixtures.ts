// What all test files of a run share. Each fixture is made in the process of the run when it is first asked for: that takes longer
// than most tests.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testRun } from './current-test-run.ts';
import { type PackedClient, packClient } from './packed-client.ts';
import { createPlatformHome, type Platform, startPlatform } from './running-platform.ts';

interface Fixture {
  /** What test files get to know, as JSON. */
  readonly value: unknown;
  remove(): Promise<void>;
}

const makers: Readonly<Record<string, () => Promise<Fixture>>> = {
  '/platform': makePlatform,
  '/packed-client': makePackedClient,
};

/** Serves fixtures, each at its path below the URL. */
export async function serveSharedFixtures(): Promise<{ url: string; stop(): Promise<void> }> {
  const made = new Map<string, Promise<Fixture>>();
  const server = createServer(({ url = '' }, response) => {
    const fixture = made.get(url) ?? makers[url]?.() ?? Promise.reject(new Error(`no ${url}`));
    made.set(url, fixture);
    fixture.then(
      ({ value }) => response.end(JSON.stringify(value)),
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
      for (const fixture of made.values()) {
        await fixture.then(
          ({ remove }) => remove(),
          () => undefined,
        );
      }
    },
  };
}

async function makePlatform(): Promise<Fixture> {
  const home = await createPlatformHome();
  const { env, directory, programsHttp, ledgerHttp, webhooksHttp, stop } =
    await startPlatform(home);
  return {
    value: { env, directory, programsHttp, ledgerHttp, webhooksHttp } satisfies Platform,
    async remove() {
      await stop();
      await home.remove();
    },
  };
}

async function makePackedClient(): Promise<Fixture> {
  const { remove, ...value } = await packClient();
  return { value, remove };
}

async function sharedFixture(path: string): Promise<unknown> {
  const response = await fetch(`${testRun().fixturesUrl}${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/**
 * The platform that the test files of a run share, as `npm start` runs it. A file that kills it, or counts all that happens in a
 * program of the samples, starts its own.
 */
export async function sharedPlatform(): Promise<Platform> {
  return (await sharedFixture('/platform')) as Platform;
}

/** The client, packed once for a run: two builds at the same time would write to one folder. */
export async function sharedPackedClient(): Promise<PackedClient> {
  return (await sharedFixture('/packed-client')) as PackedClient;
}
