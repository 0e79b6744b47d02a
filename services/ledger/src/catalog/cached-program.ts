import { fromBinary } from '@bufbuild/protobuf';
import type { Logger } from '@loyalty/platform/logging.ts';
import { abortable } from '@loyalty/platform/waiting.ts';
import {
  type GetProgramSnapshotResponse,
  GetProgramSnapshotResponseSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { ProgramDefinition } from '../app/program-catalog.ts';
import type { ProgramRevision, ProgramSnapshots } from '../app/program-snapshots.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';
import { type EncodedProgram, encoded, snapshotBytes } from './encoded-program.ts';
import { definitionOf } from './program-definition.ts';
import type { ProgramSource } from './program-source.ts';

export interface CachedProgramOptions {
  source: Pick<ProgramSource, 'snapshot'>;
  snapshots: Pick<ProgramSnapshots, 'find' | 'keep'>;
  logger: Pick<Logger, 'warn'>;
  /** Called with each definition that replaces another one. */
  onChange: (after: ProgramDefinition, before: ProgramDefinition) => void;
  /** Called when there is no such program, or when nothing could be found out about it. */
  onGone: (program: CachedProgram, error: unknown) => void;
  /** Aborted when the process stops. */
  signal: AbortSignal;
}

type Revision = Pick<ProgramRevision, 'epoch' | 'revision'>;

/** A definition, and what it takes to store it and to ask for its changes. */
interface Known {
  readonly epoch: string;
  readonly definition: ProgramDefinition;
  readonly encoded: EncodedProgram;
}

type State =
  /** Nothing is known yet. */
  | { readonly name: 'LOADING'; readonly known?: undefined }
  /** The response of the Programs service, which includes every change noted so far. */
  | { readonly name: 'CURRENT'; readonly known: Known }
  /** Used until there is a newer response: the program has changed, or only the stored copy was available. */
  | { readonly name: 'STALE'; readonly known: Known };

/** How long a command waits for a response. The request goes on longer, for later commands. */
const patienceMs = 1_000;

/**
 * A program in the ledger's memory.
 *
 * | from | on | to |
 * |---|---|---|
 * | LOADING, STALE | a response of the Programs service as new as any change noted | CURRENT |
 * | LOADING | no response in time, but a stored definition | STALE |
 * | CURRENT | a change, or another history of the database | STALE |
 * | CURRENT, STALE | a newer stored definition while the Programs service is down | STALE |
 * | any | the response that there is no such program | gone |
 */
export class CachedProgram {
  readonly programId: string;
  readonly #options: CachedProgramOptions;
  #state: State = { name: 'LOADING' };
  /** The revision that the response to a request made after it was noted has to reach for the program to be current. */
  #wanted: Revision | undefined;
  /** The request under way, and the one after it. */
  #asking: Promise<ProgramDefinition> | undefined;
  #askingNext: Promise<ProgramDefinition> | undefined;
  #loading: Promise<ProgramDefinition> | undefined;
  #isRefreshing = false;
  #isStoring = false;

  constructor(programId: string, options: CachedProgramOptions) {
    this.programId = programId;
    this.#options = options;
  }

  /** Reads from memory if possible. */
  async get(): Promise<ProgramDefinition> {
    if (this.#state.known !== undefined) return this.#state.known.definition;
    this.#loading ??= this.#load();
    return await this.#loading;
  }

  /** Returns the response to a request from now on or, while the Programs service is down, what is known. */
  async getLatest(): Promise<ProgramDefinition> {
    if (this.#state.known === undefined) return await this.get();
    try {
      return await this.#patiently(this.#ask());
    } catch (error) {
      if (!(error instanceof ProgramsUnavailable)) throw error;
      return await this.get();
    }
  }

  /** Notes a change. False if what is known has it already. */
  markChanged(change: Revision): boolean {
    const { known } = this.#state;
    if (covers(known, change)) return false;
    this.#wanted = change;
    if (known !== undefined) this.#state = { name: 'STALE', known };
    return true;
  }

  /** Notes that anything may have changed. What is known is used until all of it has been asked for again. */
  invalidate(epoch: string): void {
    this.#wanted = { epoch, revision: 0n };
    const { known } = this.#state;
    if (known !== undefined) this.#state = { name: 'STALE', known: { ...known, epoch: '' } };
  }

  /** Whether the Programs service has to be asked, and isn't being asked. */
  get needsRefresh(): boolean {
    return this.#state.name !== 'CURRENT' && this.#asking === undefined;
  }

  /** Asks, and asks again if a change was noted meanwhile. A failure is left to the next call. */
  async refresh(): Promise<void> {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    try {
      await this.#asking?.catch(() => undefined);
      while (this.#state.name !== 'CURRENT') {
        const wanted = this.#wanted;
        await this.#ask();
        if (this.#wanted === wanted) break;
      }
    } catch (error) {
      this.#warn(error, 'a program could not be brought up to date');
    }
    this.#isRefreshing = false;
  }

  /** Takes the stored definition if it is newer: another replica got a response. */
  async adoptNewerStored(stored: Revision): Promise<void> {
    if (covers(this.#state.known, stored)) return;
    try {
      await this.#adoptStored();
    } catch (error) {
      this.#warn(error, 'the stored definition of a program could not be read');
    }
  }

  async #load(): Promise<ProgramDefinition> {
    try {
      return await this.#patiently(this.#asking ?? this.#ask());
    } catch (error) {
      if (error instanceof ProgramNotFound) throw error;
      const definition = error instanceof ProgramsUnavailable && (await this.#adoptStored());
      if (definition) {
        this.#warn(error, 'using the stored definition of a program');
        return definition;
      }
      // A response that is still awaited will serve later calls.
      if (this.#asking === undefined) this.#options.onGone(this, error);
      throw error;
    } finally {
      this.#loading = undefined;
    }
  }

  async #patiently(response: Promise<ProgramDefinition>): Promise<ProgramDefinition> {
    const patience = AbortSignal.timeout(patienceMs);
    try {
      return await abortable(response, patience);
    } catch (error) {
      throw error === patience.reason ? new ProgramsUnavailable(this.programId, error) : error;
    }
  }

  /**
   * Returns the response to a request that starts from now on: one under way may be about what was before. There is one
   * request at a time, so that no response overtakes another.
   */
  #ask(): Promise<ProgramDefinition> {
    if (this.#asking === undefined) {
      this.#asking = this.#request().finally(() => {
        this.#asking = undefined;
      });
      return this.#asking;
    }
    this.#askingNext ??= this.#asking
      .catch(() => undefined)
      .then(() => {
        this.#askingNext = undefined;
        return this.#ask();
      });
    return this.#askingNext;
  }

  async #request(): Promise<ProgramDefinition> {
    const { programId } = this;
    const { known: base } = this.#state;
    const wanted = this.#wanted;
    const query = { epoch: base?.epoch ?? '', knownRevision: base?.definition.revision ?? 0n };
    try {
      const response = await this.#options.source.snapshot({ programId, ...query });
      const { known: before } = this.#state;
      const known = covers(before, response) ? before : this.#adopt(response, base);
      const isReached = this.#wanted === wanted && (!wanted || covers(known, wanted));
      this.#state = { name: isReached ? 'CURRENT' : 'STALE', known };
      if (known !== before) void this.#store();
      return known.definition;
    } catch (error) {
      // A program whose change was noted meanwhile has just been created.
      const isGone = error instanceof ProgramNotFound && this.#wanted === wanted;
      if (isGone) this.#options.onGone(this, error);
      throw error;
    }
  }

  async #adoptStored(): Promise<ProgramDefinition | undefined> {
    const content = await this.#options.snapshots.find(this.programId);
    const stored = content && fromBinary(GetProgramSnapshotResponseSchema, content);
    if (stored !== undefined && !covers(this.#state.known, stored)) {
      this.#state = { name: 'STALE', known: this.#adopt(stored) };
    }
    return this.#state.known?.definition;
  }

  /** @param base what the snapshot has only the changes of, where it is of the same epoch */
  #adopt(snapshot: GetProgramSnapshotResponse, base?: Known): Known {
    const { epoch } = snapshot;
    const from = base?.epoch === epoch ? base : undefined;
    const definition = definitionOf(snapshot, from?.definition);
    const before = this.#state.known?.definition;
    if (before !== undefined) this.#options.onChange(definition, before);
    return { epoch, definition, encoded: encoded(snapshot, from?.encoded) };
  }

  // The ledger works without it until its next start: neither earns nor the next change wait for it, and a failure only
  // leaves the one before. Of changes that follow each other fast, the last is stored.
  async #store(): Promise<void> {
    if (this.#isStoring) return;
    this.#isStoring = true;
    const { programId } = this;
    try {
      for (let last: Known | undefined; !this.#options.signal.aborted; ) {
        const { known } = this.#state;
        // One that was invalidated has no known epoch; the next response is stored.
        if (known === undefined || known === last || known.epoch === '') break;
        const {
          epoch,
          definition: { revision, notices },
        } = known;
        const content = snapshotBytes(known.encoded);
        const noticeDays = Math.max(...Object.values(notices));
        await this.#options.snapshots.keep({ programId, epoch, revision, content, noticeDays });
        last = known;
      }
    } catch (error) {
      this.#warn(error, 'the definition of a program could not be stored');
    }
    this.#isStoring = false;
  }

  #warn(error: unknown, message: string): void {
    this.#options.logger.warn({ err: error, programId: this.programId }, message);
  }
}

/** Whether what is known is of the same epoch and as new. */
function covers(known: Known | undefined, { epoch, revision }: Revision): known is Known {
  return known?.epoch === epoch && known.definition.revision >= revision;
}
