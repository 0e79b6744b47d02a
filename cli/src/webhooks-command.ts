import { once } from 'node:events';
import { ConfigError } from '@loyalty/platform/config.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import { Command, InvalidArgumentError } from 'commander';
import { readChannelCredentials } from './service-calls/channel-credentials.ts';
import { naming } from './service-calls/service-naming.ts';
import { readSetting } from './settings.ts';
import { listenForDeliveries } from './webhooks/delivery-listener.ts';
import { eventText } from './webhooks/event-text.ts';

interface ListenFlags {
  program: string;
  events: readonly string[];
  port: number;
  url?: string;
}

const help = `
It creates a webhook that delivers to this command, prints what arrives, and deletes the webhook when you press Ctrl-C. The
platform has to be on this machine, as npm start runs it; with a tunnel to --port, --url is the tunnel's address.

The token is LOYALTY_ADMIN_TOKEN, and the address LOYALTY_WEBHOOKS_GRPC. See docs/webhooks.md for how to receive events in a
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
  const address = readSetting('LOYALTY_WEBHOOKS_GRPC');
  const token = readSetting('LOYALTY_ADMIN_TOKEN');
  const credentials = await readChannelCredentials(process.env);
  const channel = createChannel({ address, services: [WebhookService], credentials });
  const client = createClient(WebhookService, channel);
  const reached = naming(`Webhooks at ${address}`);
  const stopped = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
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
    await reached(client.deleteWebhook({ programId, webhookId }, { token }));
    console.error('The webhook is deleted.');
  } finally {
    await listener.close();
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
