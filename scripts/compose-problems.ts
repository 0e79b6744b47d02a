// Whether the compose file fits the processes: settings, ports, names and times.
import {
  type DeployedProcess,
  deployedProcess,
  type Environment,
  optionalProcesses,
  processNames,
  targetOf,
} from './deployed-processes.ts';

interface ComposeService {
  readonly environment: Environment;
  /** `host:outside:inside` */
  readonly ports?: readonly string[];
  /** Such as `30s`. */
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

/** One line for each problem. */
export function composeProblems({ services }: ComposeFile): string[] {
  return processNames.flatMap((name) => {
    const service = services[name];
    if (service === undefined) return optionalProcesses.has(name) ? [] : [`${name}: is missing`];
    const problems = serviceProblems(name, service);
    return problems.map((problem) => `${name}: ${problem}`);
  });

  function serviceProblems(name: string, service: ComposeService): string[] {
    const process = deployedProcess(name, service.environment);
    if (typeof process === 'string') return [process];
    return [
      ...portProblems(service, process),
      ...process.calls
        .map((address) => targetOf(address).host)
        .filter((host) => !(host in services))
        .map((host) => `there is no service ${host}`),
      ...stopProblems(service, process),
    ];
  }
}

function portProblems({ ports = [] }: ComposeService, process: DeployedProcess): string[] {
  const open = Object.values(process.ports);
  return ports
    .filter((mapping) => !open.includes(Number(mapping.split(':').at(-1))))
    .map((mapping) => `nothing listens on the inner port of ${mapping}`);
}

function stopProblems({ stop_grace_period }: ComposeService, process: DeployedProcess): string[] {
  return Number.parseInt(stop_grace_period ?? '10s', 10) >= process.stopSeconds
    ? []
    : [`stop_grace_period must be ${process.stopSeconds}s or more`];
}
