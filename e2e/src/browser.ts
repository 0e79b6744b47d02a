import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined if none is installed. */
export const chromium = programs.find((program) => existsSync(program));

/** A browser without windows that calls nobody by itself. */
export async function launchBrowser(executablePath: string): Promise<Browser> {
  const playwright = await import('playwright-core');
  return await playwright.chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
