import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { ConfigError } from '@loyalty/platform/config.ts';
import { Command } from 'commander';
import { applyPlan } from './programs/apply-plan.ts';
import { exportPrograms } from './programs/export-programs.ts';
import { isEmpty } from './programs/plan.ts';
import { type NamedText, type PlannedFile, planPrograms } from './programs/plan-programs.ts';
import { openProgramsApi, type ProgramsApi } from './programs/programs-api.ts';
import { describePlan } from './programs/report.ts';
import { readChannelCredentials } from './service-calls/channel-credentials.ts';
import { naming } from './service-calls/service-naming.ts';
import { readSetting } from './settings.ts';

interface CompareFlags {
  prune?: true;
  base?: string;
}

const help = `
The file has one YAML document for each program: "program", "ruleSet" and "rewards", as their JSON is at the gateway.
"-" is standard input or output. See docs/programs-as-code.md for more.

The token is LOYALTY_ADMIN_TOKEN, and the address LOYALTY_PROGRAMS_GRPC. A token for some programs works for those.`;

/** `loyalty programs`: programs, their rules and rewards as a file under version control. */
export function programsCommand(): Command {
  return new Command('programs')
    .description('Keep programs, their rules and rewards in a file.')
    .addCommand(
      new Command('export')
        .description('Write programs to a file.')
        .argument('<file>', 'the YAML file, which is overwritten; - for standard output')
        .option(
          '--program <id...>',
          'the only programs to write (default: all that are not archived)',
        )
        .addHelpText('after', `${help}\n\nExample:\n  $ npx loyalty programs export programs.yaml`)
        .action(runExport),
    )
    .addCommand(
      comparing('diff')
        .description('Show what apply would change, and what members would notice.')
        .addHelpText(
          'after',
          `${help}\n\nExit codes: 0 when there is nothing to change, 1 when there is, 2 when it can't compare.\n\nExample:\n  $ npx loyalty programs diff programs.yaml`,
        )
        .action(runDiff),
    )
    .addCommand(
      comparing('apply')
        .description('Make the platform what the file says.')
        .addHelpText(
          'after',
          `${help}\n\nIdempotent: applied again, a file changes nothing. An interrupted run is continued by running it again.\n\nExit codes: 0 when the platform is what the file says, 2 when it isn't.\n\nExample:\n  $ npx loyalty programs apply programs.yaml`,
        )
        .action(runApply),
    );
}

function comparing(name: string): Command {
  return new Command(name)
    .argument('<file>', 'the YAML file; - for standard input')
    .option('--prune', 'archive rewards on offer that the file does not have')
    .option(
      '--base <file>',
      'the file that this one was made from: what was changed on the platform since then is not overwritten',
    );
}

async function runExport(path: string, { program: named }: { program?: string[] }): Promise<void> {
  await withApi(async (api) => {
    const yaml = await exportPrograms(api, named);
    if (path === '-') process.stdout.write(yaml);
    else await writeFile(path, yaml).catch(refuseFile(path, 'written'));
  });
}

async function runDiff(path: string, flags: CompareFlags): Promise<void> {
  await withApi(async (api) => {
    const { plans } = await planFile(api, path, flags);
    for (const { plan } of plans) console.log(describePlan(plan));
    process.exitCode = plans.every(({ plan }) => isEmpty(plan)) ? 0 : 1;
  });
}

async function runApply(path: string, flags: CompareFlags): Promise<void> {
  await withApi(async (api) => {
    const { plans, name } = await planFile(api, path, flags);
    for (const { plan, file } of plans) {
      console.log(describePlan(plan));
      if (isEmpty(plan)) continue;
      await applyPlan({ api, plan, file, fileName: name, done: (what) => console.log(what) });
    }
  });
}

async function planFile(
  api: ProgramsApi,
  path: string,
  { prune, base }: CompareFlags,
): Promise<PlannedFile> {
  if (path === '-' && base === '-') {
    throw new ConfigError('only one of the file and --base can be standard input; name the other');
  }
  return await planPrograms(api, {
    file: await readInput(path),
    base: base === undefined ? undefined : await readInput(base),
    prune: prune === true,
    nowMs: Date.now(),
  });
}

async function withApi(work: (api: ProgramsApi) => Promise<void>): Promise<void> {
  const address = readSetting('LOYALTY_PROGRAMS_GRPC');
  const api = openProgramsApi({
    address,
    credentials: await readChannelCredentials(process.env),
    token: readSetting('LOYALTY_ADMIN_TOKEN'),
  });
  try {
    await naming(`The programs service at ${address}`)(work(api));
  } finally {
    api.close();
  }
}

async function readInput(path: string): Promise<NamedText> {
  if (path === '-') return { name: 'standard input', bytes: await buffer(process.stdin) };
  return { name: path, bytes: await readFile(path).catch(refuseFile(path, 'read')) };
}

function refuseFile(path: string, verb: 'read' | 'written'): (error: unknown) => never {
  return (error) => {
    const why = Error.isError(error) ? error.message : String(error);
    throw new ConfigError(`${path} can't be ${verb}: ${why}`, { cause: error });
  };
}
