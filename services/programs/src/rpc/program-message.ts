import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import {
  Program_Enrollment,
  Program_State,
  type Program as ProgramMessage,
  ProgramSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  defaultSettings,
  type Program,
  type ProgramSettings,
  type ProgramState,
  programEtag,
  programNotices,
} from '../domain/program.ts';

/** A program as the contract shows it. What members see has an etag of its own, because it isn't all. */
export function renderProgram(
  program: Program,
  { isMember } = { isMember: false },
): MessageInitShape<typeof ProgramSchema> {
  return {
    programId: program.programId,
    displayName: program.displayName,
    description: program.description,
    unit: program.unit,
    state: Program_State[program.state],
    timeZone: program.timeZone,
    enrollment: Program_Enrollment[program.enrollment],
    limits: program.limits,
    ...(program.notices && { notices: program.notices }),
    activeRuleSetVersion: program.activeRuleSetVersion,
    metadata: program.metadata,
    etag: isMember ? `${programEtag(program)}-m` : programEtag(program),
    createTime: timestampFromMs(program.createTime),
    updateTime: timestampFromMs(program.updateTime),
  };
}

/**
 * The settings in a message, with the default for each that is absent.
 *
 * @throws {ValidationFailed}
 */
export function parseSettings(message: ProgramMessage): ProgramSettings {
  requireStorable(ProgramSchema, message, 'program');
  const { displayName, description, unit, timeZone, enrollment, limits, metadata, notices } =
    message;
  return {
    displayName,
    description,
    unit: unit === undefined ? defaultSettings.unit : nameOfPoints(unit),
    timeZone: timeZone === '' ? defaultSettings.timeZone : timeZone,
    enrollment: enrollment === Program_Enrollment.AUTO ? 'AUTO' : 'OPEN',
    limits: {
      earnsPerMinute: limits?.earnsPerMinute ?? defaultSettings.limits.earnsPerMinute,
      redemptionsPerMinute:
        limits?.redemptionsPerMinute ?? defaultSettings.limits.redemptionsPerMinute,
    },
    metadata,
    notices: programNotices({
      expiringDays: notices?.expiringDays ?? 0,
      maturingDays: notices?.maturingDays ?? 0,
    }),
  };
}

function nameOfPoints({ singular, plural }: { singular: string; plural: string }) {
  return { singular, plural };
}

/** The state in a message; undefined if it has none. */
export function parseProgramState({ state }: ProgramMessage): ProgramState | undefined {
  return programStates.find((name) => Program_State[name] === state);
}

const programStates: readonly ProgramState[] = ['DRAFT', 'ACTIVE', 'SUSPENDED', 'ARCHIVED'];
