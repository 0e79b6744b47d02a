import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { type FieldViolation, ValidationFailed } from '@loyalty/platform/errors.ts';
import { jsonNaming, named } from '@loyalty/platform/json/field-naming.ts';
import { fieldByName } from '@loyalty/platform/json/field-path.ts';
import { isObject, messageOf } from '@loyalty/platform/json/json-message.ts';
import type { JsonInput, JsonInputObject } from '@loyalty/platform/json/json-text.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { CreateProgramRequestSchema } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { type Reward, RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { CreateRewardRequestSchema } from '@loyalty/proto/loyalty/programs/v1/reward_service_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { CreateRuleSetRequestSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import { timeZoneNamed } from '@loyalty/rules/time-zone-name.ts';
import { validateRewardCondition, validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { refusalOf } from './authored-json.ts';
import {
  type ProgramDefinition,
  programWithDefaults,
  rewardWithDefaults,
  scheduledWithDefaults,
} from './definition.ts';
import { type FileProblem, ProgramsFileRefused } from './file-problem.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

/** A program of a file. */
export interface FileProgram {
  readonly definition: ProgramDefinition;
  /** A problem of the program, at a path such as `rewards[0].fixed.points`. */
  problemAt(path: string, message: string): FileProblem;
  /** The path of a reward, such as `rewards[0]`; `rewards` if the file doesn't have it. */
  rewardPath(rewardId: string): string;
}

/** More than that would be no file that people review. */
const bytesMax = 8 * 1024 * 1024;

/**
 * Reads a file of programs, one in each YAML document.
 *
 * @param name names the file in errors
 * @throws {ProgramsFileRefused} with everything that is wrong, as far as it can be told without asking the platform
 */
export function readProgramsFile(name: string, bytes: Uint8Array): FileProgram[] {
  const documents = readYaml(textOf(name, bytes));
  const read = documents.map((document, index) => new DocumentReader(document, index + 1));
  const programs = read.map((reader) => reader.program());
  const problems = read.flatMap((reader) => reader.problems);
  const ids = new Set<string>();
  for (const program of programs) {
    const id = program?.definition.program.programId;
    if (program === undefined || id === undefined) continue;
    if (ids.has(id)) {
      problems.push(
        program.problemAt('program.programId', 'is that of an earlier document; a program has one'),
      );
    }
    ids.add(id);
  }
  if (problems.length > 0) throw new ProgramsFileRefused(name, problems);
  if (programs.length === 0) {
    const message = 'has no program; write one, or export those of the platform';
    throw new ProgramsFileRefused(name, [{ line: 1, document: '', path: '', message }]);
  }
  return programs.filter((program) => program !== undefined);
}

function textOf(name: string, bytes: Uint8Array): string {
  const refuse = (message: string) =>
    new ProgramsFileRefused(name, [{ line: 1, document: '', path: '', message }]);
  if (bytes.length > bytesMax) {
    throw refuse(`takes more than ${bytesMax} bytes; split it into several files`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('must be encoded in UTF-8');
  }
}

const sections = ['program', 'ruleSet', 'rewards'];

const validateProgram = validatorOf(CreateProgramRequestSchema);
const validateReward = validatorOf(CreateRewardRequestSchema);
const validateRules = validatorOf(CreateRuleSetRequestSchema);

/** A valid id for requests that are only checked. */
const anyId = 'program';

class DocumentReader {
  readonly problems: FileProblem[] = [];
  readonly #yaml: YamlDocument;
  readonly #number: number;
  #programId = '';

  constructor(yaml: YamlDocument, number: number) {
    this.#yaml = yaml;
    this.#number = number;
  }

  /** Undefined where a problem was found. */
  program(): FileProgram | undefined {
    const { input } = this.#yaml;
    if (isObject(input)) this.#programId = idIn(input['program']);
    for (const { line, path, message } of this.#yaml.problems) {
      this.problems.push({ ...this.#problemAt(path, message), line });
    }
    if (this.problems.length > 0) return undefined;
    if (!isObject(input)) {
      this.#refuse('', `must be a mapping with ${sections.join(', ')}`);
      return undefined;
    }
    const definition = this.#definition(input);
    if (definition === undefined || this.problems.length > 0) return undefined;
    const ids = [...(definition.rewards?.keys() ?? [])];
    return {
      definition,
      problemAt: (path, message) => this.#problemAt(path, message),
      rewardPath: (rewardId) =>
        ids.includes(rewardId) ? `rewards[${ids.indexOf(rewardId)}]` : 'rewards',
    };
  }

  #definition(document: JsonInputObject): ProgramDefinition | undefined {
    const { program: programInput, rewards: rewardsInput } = document;
    for (const name of Object.keys(document)) {
      if (!sections.includes(name) && name !== 'rule_set') {
        this.#refuse(name, `is not a part of a program; it has ${sections.join(', ')}`);
      }
    }
    if (Object.hasOwn(document, 'ruleSet') && Object.hasOwn(document, 'rule_set')) {
      this.#refuse('ruleSet', 'is given twice; give it once');
    }
    if (programInput === undefined) {
      this.#refuse('program', 'must be there, with programId and displayName');
      return undefined;
    }
    const program = this.#message(ProgramSchema, programInput, 'program');
    if (program !== undefined) {
      this.#check(ProgramSchema, 'program', () => {
        validateProgram(create(CreateProgramRequestSchema, { program }));
        requireStorable(ProgramSchema, program, 'program');
        requireTimeZone(program.timeZone);
      });
    }
    const ruleSet = this.#ruleSet(document['ruleSet'] ?? document['rule_set']);
    const rewards = rewardsInput === undefined ? undefined : this.#rewards(rewardsInput);
    if (program === undefined) return undefined;
    return {
      program: programWithDefaults(program),
      ruleSet: ruleSet && scheduledWithDefaults(ruleSet),
      rewards,
    };
  }

  #ruleSet(input: JsonInput | undefined) {
    if (input === undefined) return undefined;
    const ruleSet = this.#message(RuleSetSchema, input, 'ruleSet');
    if (ruleSet === undefined) return undefined;
    this.#check(RuleSetSchema, 'ruleSet', () => {
      validateRules(create(CreateRuleSetRequestSchema, { programId: anyId, ruleSet }));
      requireStorable(RuleSetSchema, ruleSet, 'rule_set');
      const violations = validateRuleSet(ruleSet);
      if (violations.length > 0) {
        throw new ValidationFailed(
          violations.map((violation) => ({ ...violation, field: `rule_set.${violation.field}` })),
        );
      }
    });
    return ruleSet;
  }

  #rewards(input: JsonInput): ReadonlyMap<string, Reward> {
    const rewards = new Map<string, Reward>();
    if (!Array.isArray(input)) {
      this.#refuse('rewards', 'must be a list; [] is one without any');
      return rewards;
    }
    for (const [index, item] of input.entries()) {
      const path = `rewards[${index}]`;
      const reward = this.#message(RewardSchema, item, path);
      if (reward === undefined) continue;
      this.#check(RewardSchema, path, () => {
        validateReward(create(CreateRewardRequestSchema, { programId: anyId, reward }));
        requireStorable(RewardSchema, reward, 'reward');
        const violations = validateRewardCondition(reward.condition, 'reward.condition');
        if (violations.length > 0) throw new ValidationFailed(violations);
      });
      if (rewards.has(reward.rewardId)) {
        this.#refuse(`${path}.rewardId`, 'is that of an earlier reward; give each its own');
      }
      rewards.set(reward.rewardId, rewardWithDefaults(reward));
    }
    return rewards;
  }

  #message<Desc extends DescMessage>(
    desc: Desc,
    input: JsonInput,
    path: string,
  ): MessageShape<Desc> | undefined {
    let message: MessageShape<Desc> | undefined;
    this.#check(desc, path, () => {
      message = messageOf(desc, isObject(input) ? this.#authored(desc, input, path) : input);
    });
    return message;
  }

  /** Without what only the platform sets, which is refused. */
  #authored(desc: DescMessage, input: JsonInputObject, path: string): JsonInputObject {
    const members = Object.entries(input).filter(([name]) => {
      const field = fieldByName(desc, name);
      const refusal = field && refusalOf(field);
      if (field === undefined || refusal === undefined) return true;
      this.#refuse(`${path}.${field.jsonName}`, refusal);
      return false;
    });
    return Object.fromEntries(members);
  }

  /** Collects what is wrong with a part of the document; violations may begin with its field in a request. */
  #check(desc: DescMessage, path: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ValidationFailed)) throw error;
      for (const { field, message } of placedViolations(desc, error.violations ?? [])) {
        this.#refuse([path, field].filter(Boolean).join('.'), message);
      }
    }
  }

  #refuse(path: string, message: string): void {
    this.problems.push(this.#problemAt(path, message));
  }

  #problemAt(path: string, message: string): FileProblem {
    const name = `document ${this.#number}`;
    return {
      line: this.#yaml.lineAt(path),
      document: this.#programId === '' ? name : `${name} (${this.#programId})`,
      path,
      message:
        message === 'must be a string' && this.#yaml.needsQuotes(path)
          ? 'must be a string; put it in quotes'
          : message,
    };
  }
}

/**
 * Violations of a request's part, such as `reward.fixed.points`, as paths within it with JSON names: `fixed.points`.
 */
export function placedViolations(
  desc: DescMessage,
  violations: readonly FieldViolation[],
): FieldViolation[] {
  const within = violations.map((violation) => ({
    ...violation,
    names: desc.fields.map(({ name }) => name).concat(violation.names ?? []),
    field: violation.field.replace(/^(?:program|rule_?[sS]et|reward)(?:\.|$)/, ''),
  }));
  return [...named({ message: '', violations: within }, jsonNaming(desc)).violations];
}

function idIn(program: JsonInput | undefined): string {
  if (!isObject(program)) return '';
  const id = program['programId'] ?? program['program_id'];
  return typeof id === 'string' ? id : '';
}

function requireTimeZone(timeZone: string): void {
  if (timeZone === '' || timeZoneNamed(timeZone) !== undefined) return;
  const message = `"${timeZone}" is not a time zone of the IANA database; use a name such as "Europe/Paris"`;
  throw new ValidationFailed([{ field: 'program.time_zone', message }]);
}
