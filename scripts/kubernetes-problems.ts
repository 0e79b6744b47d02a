// Whether what kustomize renders fits the processes: settings, ports, names and times.
import {
  type DeployedProcess,
  deployedProcess,
  type Environment,
  optionalProcesses,
  processNames,
  targetOf,
} from './deployed-processes.ts';

interface Named {
  readonly metadata: { readonly name: string };
}

interface EnvironmentSource extends Named {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly data?: Environment;
  readonly stringData?: Environment;
}

interface Service extends Named {
  readonly kind: 'Service';
  readonly spec: {
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly port: number; readonly targetPort: string | number }[];
  };
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Deployment extends Named {
  readonly kind: 'Deployment';
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly enableServiceLinks?: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
      };
    };
  };
}

interface Container {
  readonly envFrom: readonly {
    readonly configMapRef?: { readonly name: string };
    readonly secretRef?: { readonly name: string; readonly optional?: boolean };
  }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

export type KubernetesObject = EnvironmentSource | Service | Deployment;

/** One line for each problem of an overlay with its Secrets. */
export function kubernetesProblems(objects: readonly KubernetesObject[]): string[] {
  const deployments = objects.filter((object) => object.kind === 'Deployment');
  const present = deployments.map(({ metadata }) => metadata.name);
  const absent = processNames.filter(
    (name) => !present.includes(name) && !optionalProcesses.has(name),
  );
  return [
    ...absent.map((name) => `${name} is not deployed`),
    ...deployments.flatMap((deployment) => {
      const { name } = deployment.metadata;
      return deploymentProblems(deployment, objects).map((problem) => `${name}: ${problem}`);
    }),
  ];
}

function deploymentProblems(
  { metadata, spec }: Deployment,
  objects: readonly KubernetesObject[],
): string[] {
  const pod = spec.template.spec;
  const [container] = pod.containers;
  const environment = environmentOf(container, objects);
  if (typeof environment === 'string') return [environment];
  const process = deployedProcess(metadata.name, environment);
  if (typeof process === 'string') return [process];
  const services = objects.filter((object) => object.kind === 'Service');
  return [
    ...portProblems(container, process),
    ...services
      .filter(({ spec }) => spec.selector['app.kubernetes.io/name'] === metadata.name)
      .flatMap((service) => serviceProblems(service, process)),
    ...process.calls.flatMap((address) => targetProblems(address, services)),
    ...stopProblems(pod, process),
    ...(pod.enableServiceLinks === false
      ? []
      : ['enableServiceLinks must be false: its variables would be refused as unknown settings']),
  ];
}

function environmentOf(
  { envFrom }: Container,
  objects: readonly KubernetesObject[],
): Environment | string {
  const environment: Record<string, string> = {};
  for (const { configMapRef, secretRef } of envFrom) {
    const kind = configMapRef === undefined ? 'Secret' : 'ConfigMap';
    const name = configMapRef?.name ?? secretRef?.name;
    const source = objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (source?.kind === 'ConfigMap' || source?.kind === 'Secret') {
      Object.assign(environment, source.data, source.stringData);
    } else if (secretRef?.optional !== true) {
      return `there is no ${kind} ${name}`;
    }
  }
  return environment;
}

function portProblems(container: Container, { ports }: DeployedProcess): string[] {
  const declared = Object.fromEntries(
    container.ports.map(({ name, containerPort }) => [name, containerPort]),
  );
  const names = new Set([...Object.keys(ports), ...Object.keys(declared)]);
  const { startupProbe, livenessProbe, readinessProbe } = container;
  return [
    ...[...names]
      .filter((name) => ports[name] !== declared[name])
      .map((name) => `port ${name} is ${ports[name]} there and ${declared[name]} in the manifest`),
    ...[startupProbe, livenessProbe, readinessProbe]
      .filter(({ httpGet }) => httpGet.port !== 'management')
      .map(({ httpGet }) => `${httpGet.path} is not served on the port ${httpGet.port}`),
  ];
}

function serviceProblems({ metadata, spec }: Service, { ports }: DeployedProcess): string[] {
  // Behind a headless Service there is nothing that would translate one port to another.
  return spec.ports.flatMap(({ port, targetPort }) => {
    if (targetPort === 'management') {
      return [`the Service ${metadata.name} must not have the management port`];
    }
    return ports[targetPort] === port
      ? []
      : [`the Service ${metadata.name} has port ${port} for ${targetPort}`];
  });
}

function targetProblems(address: string, services: readonly Service[]): string[] {
  const { host, port } = targetOf(address);
  const service = services.find(({ metadata }) => metadata.name === host);
  return service?.spec.ports.some((offered) => offered.port === port)
    ? []
    : [`there is no Service for ${address}`];
}

function stopProblems(
  pod: Deployment['spec']['template']['spec'],
  { stopSeconds }: DeployedProcess,
): string[] {
  const needed = pod.containers[0].lifecycle.preStop.sleep.seconds + stopSeconds;
  return pod.terminationGracePeriodSeconds >= needed
    ? []
    : [`terminationGracePeriodSeconds must be ${needed} or more, or Kubernetes kills a drain`];
}
