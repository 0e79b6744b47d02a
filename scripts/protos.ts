// npm run protos -- DIR: writes the contracts into a folder of their own, with everything that they import.
import { resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { Finding } from './commands.ts';
import { exportedContracts, writeExport } from './exported-contracts.ts';

const usage = `Usage: npm run protos -- DIR

Writes the contracts (.proto) and all that they import into the folder DIR, for protoc and buf of any project.
A relative DIR counts from the folder in which the command is typed.`;

/** npm runs scripts at the project's top, and says here where it was started. */
const startedIn = process.env['INIT_CWD'] ?? process.cwd();

try {
  const directory = readArguments();
  if (directory === undefined) {
    console.log(usage);
  } else {
    const { files, changed } = await writeExport(directory, await exportedContracts());
    console.log(
      `${directory}: ${files} files, ${changed} changed. README.md there says how to use them.`,
    );
  }
} catch (error) {
  if (!(error instanceof Finding)) throw error;
  console.error(styleText('red', error.message));
  process.exitCode = 1;
}

/** The folder to write; undefined if only help is wanted. */
function readArguments(): string | undefined {
  const { values, positionals } = parsed();
  if (values.help) return undefined;
  const [directory, ...others] = positionals;
  if (directory === undefined || directory === '' || others.length > 0) {
    throw new Finding(`Name one folder.\n\n${usage}`);
  }
  return resolve(startedIn, directory);
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h', default: false } },
    });
  } catch (error) {
    throw new Finding(`${(error as Error).message}\n\n${usage}`);
  }
}
