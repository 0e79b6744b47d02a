import { manifests } from './manifests.ts';

/** Installed by others, beside packages of their own: it names what it works with. */
const libraries: ReadonlySet<string> = new Set(['clients/typescript']);

const exactVersion = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Dependencies that have another version in one workspace, by its manifest. */
const otherVersions: Readonly<Record<string, readonly string[]>> = {
  // openapi-typescript needs the compiler API, which TypeScript 7 doesn't have.
  'e2e/openapi-client/package.json': ['typescript'],
};

/** One line for each dependency that isn't one exact version, or has another one in another workspace. */
export function loosePins(): string[] {
  const first = new Map<string, { version: string; file: string }>();
  const pinned = manifests().filter(({ folder }) => !libraries.has(folder));
  return pinned.flatMap(({ file, dependencies, devDependencies, optionalDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).flatMap(
      ([name, version]) => {
        if (!exactVersion.test(version)) return [`${file}: ${name} ${version}`];
        if (otherVersions[file]?.includes(name)) return [];
        const earlier = first.get(name);
        if (!earlier) first.set(name, { version, file });
        if (!earlier || earlier.version === version) return [];
        return [`${file}: ${name} ${version}, but ${earlier.version} in ${earlier.file}`];
      },
    ),
  );
}
