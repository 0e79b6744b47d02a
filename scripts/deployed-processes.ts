// What the processes make of an environment: the deployments are held against it.

import { readGatewayConfig } from '@loyalty/gateway/config.ts';
import { readLedgerConfig } from '@loyalty/ledger/config.ts';
import { ConfigError } from '@loyalty/platform/config.ts';
import { readProgramsConfig } from '@loyalty/programs/config.ts';
import { readWebhooksConfig } from '@loyalty/webhooks/config.ts';

export type Environment = Readonly<Record<string, string>>;

export interface DeployedProcess {
  /** Where it listens, by the names of the ports in the manifests. */
  readonly ports: Readonly<Record<string, number>>;
  /** gRPC targets that it calls. */
  readonly calls: readonly string[];
  /** From SIGTERM until it has let go of everything, at most. */
  readonly stopSeconds: number;
}

/** What a process takes after its drain, as its main module says. */
const lettingGoSeconds = 5;

const readers: Readonly<Record<string, (env: Environment) => DeployedProcess>> = {
  programs: (env) => {
    const { grpcPort, httpPort, management, ledger, shutdownGraceMs } = readProgramsConfig(env);
    return {
      ports: { grpc: grpcPort, http: httpPort, management: management.port },
      calls: [ledger.address],
      stopSeconds: stopSeconds(shutdownGraceMs),
    };
  },
  ledger: (env) => {
    const { grpcPort, httpPort, management, programs, shutdownGraceMs } = readLedgerConfig(env);
    return {
      ports: { grpc: grpcPort, http: httpPort, management: management.port },
      calls: [programs.address],
      stopSeconds: stopSeconds(shutdownGraceMs),
    };
  },
  webhooks: (env) => {
    const { grpcPort, httpPort, management, ledger, shutdownGraceMs } = readWebhooksConfig(env);
    return {
      ports: { grpc: grpcPort, http: httpPort, management: management.port },
      calls: [ledger.address],
      stopSeconds: stopSeconds(shutdownGraceMs),
    };
  },
  gateway: (env) => {
    const config = readGatewayConfig(env);
    const { port, management, programsAddress, ledgerAddress, webhooksAddress } = config;
    return {
      ports: { http: port, management: management.port },
      calls: [programsAddress, ledgerAddress, webhooksAddress ?? []].flat(),
      stopSeconds: stopSeconds(config.shutdownGraceMs),
    };
  },
};

function stopSeconds(shutdownGraceMs: number): number {
  return shutdownGraceMs / 1000 + lettingGoSeconds;
}

export const processNames: readonly string[] = Object.keys(readers);

/** Those without which the platform is complete. */
export const optionalProcesses: ReadonlySet<string> = new Set(['webhooks']);

/** What the process of that name does with the environment, or why it would refuse to start. */
export function deployedProcess(name: string, env: Environment): DeployedProcess | string {
  try {
    return readers[name]?.(env) ?? `${name} is no process of this project`;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** The host and port of a gRPC target such as `dns:///ledger-grpc:50052`. */
export function targetOf(address: string): { host: string; port: number } {
  const [host = '', port] = address.replace(/^dns:\/\/\//, '').split(':');
  return { host, port: Number(port) };
}
