import { setUpStreams } from '@loyalty/platform/messaging/set-up-streams.ts';
import { platformStreams } from '@loyalty/platform/messaging/streams.ts';
import { Command, InvalidArgumentError } from 'commander';
import { explainedRefusal, type NatsUrl, openNats } from './operator-nats.ts';
import { readSetting } from './settings.ts';

interface SetupFlags {
  natsUrl?: string;
  replicas?: number;
}

const help = `
Idempotent: run it before each release. It creates the streams that are missing and adds subjects that existing ones
lack. It never deletes or purges anything, and leaves age, size and replicas of existing streams as they are, unless
--replicas says otherwise.

The URL contains a user who may do this: "operator" in deploy/kubernetes/components/nats/accounts.conf. Give it in
NATS_OPERATOR_URL rather than as an option, which everyone on the machine can see.

Exit codes: 0 when the streams are as they should be, 2 when they can't be made so.

Example:
  $ NATS_OPERATOR_URL=nats://operator:PASSWORD@nats:4222 loyalty nats setup --replicas 3`;

/** NATS may be starting at the same time. */
const patienceMs = 30_000;

/** `loyalty nats`: what operators do with the platform's NATS. */
export function natsCommand(): Command {
  return new Command('nats')
    .description("Set up the platform's NATS.")
    .addCommand(
      new Command('setup')
        .description('Create the streams, or change them to what this release needs.')
        .option('--nats-url <url>', 'the NATS server, with the user (default: NATS_OPERATOR_URL)')
        .option('--replicas <number>', 'copies of each stream in a cluster', parseReplicas)
        .addHelpText('after', help)
        .action(runSetup),
    );
}

async function runSetup({ natsUrl, replicas }: SetupFlags): Promise<void> {
  const server: NatsUrl =
    natsUrl === undefined
      ? { url: readSetting('NATS_OPERATOR_URL'), source: 'NATS_OPERATOR_URL' }
      : { url: natsUrl, source: '--nats-url' };
  const nats = openNats(server, 'loyalty nats setup');
  try {
    const connection = await nats.connection({ timeoutMs: patienceMs });
    const choices = replicas === undefined ? {} : { replicas };
    for (const { stream, outcome } of await setUpStreams(connection, platformStreams, choices)) {
      console.log(`${stream} ${outcome}`);
    }
  } catch (error) {
    throw explainedRefusal(error, server);
  } finally {
    await nats.close();
  }
}

function parseReplicas(text: string): number {
  if (!/^[1-5]$/.test(text)) {
    throw new InvalidArgumentError(
      'It must be a number from 1 to 5, and no more than the cluster has servers.',
    );
  }
  return Number(text);
}
