import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { run } from './commands.ts';
import { writeThirdPartyProtos } from './third-party-protos.ts';

/** The contracts as they are now, with their comments; throws a Finding of buf's messages when one has an error. */
export async function contractRegistry(): Promise<FileRegistry> {
  writeThirdPartyProtos();
  const directory = await mkdtemp(join(tmpdir(), 'loyalty-contracts-'));
  try {
    const image = join(directory, 'image.binpb');
    await run('buf', ['build', 'proto', '--output', image]);
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(image)));
  } finally {
    await rm(directory, { recursive: true });
  }
}
