import type { DescEnum, DescMessage } from '@bufbuild/protobuf';
import type { UnloadedFields } from '@loyalty/platform/json/message-to-json.ts';

type Named = DescEnum | DescMessage;

/** The name of a message or enum of any package: `RuleSet.State` is `RuleSetState`. */
export function componentName({ typeName, file }: Named): string {
  const name = typeName.slice(file.proto.package.length + 1);
  return name.replaceAll('.', '');
}

/** Thrown out at once: two kinds of the same name would overwrite each other. */
export function createNameRegister(): (name: string, owner: string) => void {
  const owners = new Map<string, string>();
  return (name, owner) => {
    const known = owners.get(name) ?? owner;
    if (known !== owner) throw new Error(`${known} and ${owner} would both be called ${name}`);
    owners.set(name, owner);
  };
}

/** What tells two responses of the same message apart: paths of the fields that are left out, by their JSON names. */
export function unloadedPaths(unloaded: UnloadedFields): string[] {
  return [...unloaded]
    .flatMap(([{ jsonName }, within]) =>
      within === 'ALL'
        ? [jsonName]
        : unloadedPaths(within).map((path) => `${jsonName}${capitalized(path)}`),
    )
    .sort();
}

/** `EarnWithoutRefundsAndUnappliedReport`. */
export function nameWithout(name: string, paths: readonly string[]): string {
  return `${name}Without${paths.map(capitalized).join('And')}`;
}

export function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
