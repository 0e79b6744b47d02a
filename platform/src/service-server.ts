import { createTokenVerifier } from './auth/tokens.ts';
import { createRpcServer, type RpcPorts, type RpcServerOptions } from './rpc/server.ts';
import type { Cleanups } from './running-service.ts';
import type { ServiceConfig } from './service-config.ts';

/** Deadline of calls that bring none. */
const defaultDeadlineMs = 10_000;

/** Serves as a service's configuration says, until the service is stopped. */
export async function startServiceServer(
  {
    config,
    settingPrefix,
    ...process
  }: Pick<RpcServerOptions, 'name' | 'logger' | 'tls' | 'metrics'> & {
    config: ServiceConfig;
    /** The prefix of the service's settings, for messages. */
    settingPrefix: string;
  },
  served: Pick<RpcServerOptions, 'services' | 'readiness' | 'translateError'>,
  cleanups: Cleanups,
): Promise<RpcPorts> {
  const { host, grpcPort, httpPort, management, tokens, callerLimits, trustedCallers } = config;
  const server = createRpcServer({
    ...process,
    ...served,
    verifier: createTokenVerifier({ ...tokens, settingPrefix }),
    grpc: { host, port: grpcPort },
    http: { host, port: httpPort },
    management,
    callerLimits,
    trustedCallers,
    defaultDeadlineMs,
  });
  cleanups.push(() => server.stop(config.shutdownGraceMs));
  return await server.start();
}
