// npm run format: lays out code, imports and contracts as `npm run check` wants them.
import { Finding, run } from './commands.ts';

try {
  await run('buf', ['format', '--write', 'proto']);
  await run('biome', ['check', '--write', '.']);
} catch (error) {
  if (!(error instanceof Finding)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
