import { manifests } from './manifests.ts';

const exactVersion = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** One line for each dependency that isn't one exact version, or has another one in another workspace. */
export function loosePins(): string[] {
  const first = new Map<string, { version: string; file: string }>();
  return manifests().flatMap(({ file, dependencies, devDependencies, optionalDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).flatMap(
      ([name, version]) => {
        const earlier = first.get(name);
        if (!earlier) first.set(name, { version, file });
        if (!exactVersion.test(version)) return [`${file}: ${name} ${version}`];
        if (!earlier || earlier.version === version) return [];
        return [`${file}: ${name} ${version}, but ${earlier.version} in ${earlier.file}`];
      },
    ),
  );
}
