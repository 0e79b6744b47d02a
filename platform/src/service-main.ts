import { configured, runService } from './lifecycle.ts';
import { createLogger, type Logger } from './logging.ts';
import type { ProcessConfig } from './service-config.ts';
import { allocateAmongTheYoung } from './young-objects.ts';

/** A service, with the ports that it listens on. */
interface Running {
  stop(): Promise<void>;
}

/** Beyond the drain: what is under way is finished and published, and connections are closed. */
const cleanUpMs = 5_000;

/**
 * The whole of a main module: reads the configuration from the environment, starts the service, logs its ports and runs it
 * as {@link runService} does.
 */
export async function serviceMain<Config extends ProcessConfig>(service: {
  name: string;
  readConfig: (env: NodeJS.ProcessEnv) => Config;
  /** Imports what the service is made of, which takes a while: a mistake in the configuration is reported without it. */
  start: (config: Config, logger: Logger) => Promise<Running>;
}): Promise<void> {
  allocateAmongTheYoung();
  const { name } = service;
  const config = configured(name, () => service.readConfig(process.env));
  const logger = createLogger({ name, ...config.log });
  await runService({
    name,
    logger,
    graceMs: config.shutdownGraceMs + cleanUpMs,
    async start() {
      const { stop, ...ports }: Running = await service.start(config, logger);
      logger.info(ports, 'listening');
      return { ready: () => undefined, stop };
    },
  });
}
