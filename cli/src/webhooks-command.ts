import { ConfigError } from '@loyalty/platform/config.ts';
import {
  type ChannelCredentials,
  createChannel,
  createClient,
} from '@loyalty/platform/rpc/client.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import { Command, InvalidArgumentError } from 'commander';
import { readChannelCredentials } from './service-calls/channel-credentials.ts';
import { naming } from './service-calls/service-naming.ts';
import { readSetting } from './settings.ts';
import { listenForDeliveries } from './webhooks/delivery-listener.ts';
import { eventText } from './webhooks/event-text.ts';
import { stopRequest } from './webhooks/stop-request.ts';

interface ListenFlags {
  program: string;
  events: readonly string[];
  port: number;
  url?: string;
}

const help = `
It creates a webhook that delivers to this command, prints what arrives, and deletes the webhook when you press Ctrl-C. The
platform has to be on this machine, as npm start runs it; with a tunnel to --port, --url is the tunnel's address.

The token is LOYALTY_ADMIN_TOKEN; the addresses are LOYALTY_PROGRAMS_GRPC and LOYALTY_WEBHOOKS_GRPC. See docs/webhooks.md for how to receive events in a
backend.

Example:
  $ npx loyalty webhooks listen --program wine-dine --events points.earned,points.refunded`;

/** `loyalty webhooks`: events over HTTP, for developers. */
export function webhooksCommand(): Command {
  return new Command('webhooks')
    .description("Receive a program's events over HTTP.")
    .addCommand(
      new Command('listen')
        .description("Print a program's events as they happen.")
        .requiredOption('--program <id>', 'the program')
        .option(
          '--events <types>',
          'only these types, separated by commas; all if absent',
          listOf,
          [],
        )
        .option('--port <port>', 'the port to listen on; 0 takes a free one', parsePort, 0)
        .option('--url <url>', 'where the platform reaches that port, if not on this machine')
        .addHelpText('after', help)
        .action(runListen),
    );
}

async function runListen({ program, events, port, url }: ListenFlags): Promise<void> {
  const stopped = stopRequest();
  const address = readSetting('LOYALTY_WEBHOOKS_GRPC');
  const token = readSetting('LOYALTY_ADMIN_TOKEN');
  const credentials = await readChannelCredentials(process.env);
  await requireProgram(program, { credentials, token });
  const channel = createChannel({ address, services: [WebhookService], credentials });
  const client = createClient(WebhookService, channel);
  const reached = naming(`Webhooks at ${address}`);
  const secret = Promise.withResolvers<string>();
  const listener = await listenForDeliveries({
    port,
    secret: secret.promise,
    onEvent: (event) => console.log(eventText(event)),
  });
  try {
    const { webhook } = await reached(
      client.createWebhook(
        {
          programId: program,
          webhook: {
            url: url ?? listener.url,
            description: 'loyalty webhooks listen',
            eventTypes: [...events],
          },
        },
        { token },
      ),
    );
    if (webhook === undefined) throw new ConfigError(`Webhooks at ${address} returned no webhook`);
    secret.resolve(webhook.secret);
    const { programId, webhookId } = webhook;
    console.error(`Listening for events of ${programId} at ${webhook.url}; Ctrl-C ends it.`);
    await stopped;
    try {
      await reached(client.deleteWebhook({ programId, webhookId }, { token }));
    } catch (error) {
      console.error(`The webhook ${webhookId} of ${programId} is still there:`);
      throw error;
    }
    console.error('The webhook is deleted.');
  } finally {
    await listener.close();
    channel.close();
  }
}

/** The webhooks service knows no programs: it would accept one that is misspelled, and nothing would ever come. */
async function requireProgram(
  programId: string,
  { credentials, token }: { credentials: ChannelCredentials; token: string },
): Promise<void> {
  const address = readSetting('LOYALTY_PROGRAMS_GRPC');
  const channel = createChannel({ address, services: [ProgramService], credentials });
  try {
    const client = createClient(ProgramService, channel);
    await naming(`Programs at ${address}`)(client.getProgram({ programId }, { token }));
  } finally {
    channel.close();
  }
}

function listOf(text: string): readonly string[] {
  return text.split(',').flatMap((type) => type.trim() || []);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('It must be a port, from 0 to 65535.');
  }
  return port;
}
