import { describe, expect, test } from '@jest/globals';
import { ProgramsFileRefused } from './file-problem.ts';
import { readProgramsFile } from './programs-file.ts';

function problemsOf(text: string | Buffer): readonly string[] {
  try {
    readProgramsFile('p.yaml', Buffer.from(text));
  } catch (error) {
    if (error instanceof ProgramsFileRefused) return error.lines;
    throw error;
  }
  return [];
}

const head = 'program: {programId: tea-time, displayName: Tea}\n';
const at = (line: number, problem: string) => `p.yaml:${line}: document 1 (tea-time): ${problem}`;

describe('a file is refused, with the place and the fix:', () => {
  test.each<[string, string, string[]]>([
    ['nothing', '', ['p.yaml:1: has no program; write one, or export those of the platform']],
    [
      'comments',
      '# x\n---\n',
      ['p.yaml:1: has no program; write one, or export those of the platform'],
    ],
    ['a list', '- a\n', ['p.yaml:1: document 1: must be a mapping with program, ruleSet, rewards']],
    [
      'no program',
      'rewards: []\n',
      ['p.yaml:1: document 1: program: must be there, with programId and displayName'],
    ],
    [
      'malformed YAML',
      `${head}ruleSet:\n  rounding: [\n`,
      [
        'p.yaml:4: document 1: the YAML is malformed: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
    [
      'a part that there is not',
      `${head}reward: []\n`,
      [at(2, 'reward: is not a part of a program; it has program, ruleSet, rewards')],
    ],
    [
      'an unknown field',
      `${head}ruleSet:\n  earnRules:\n    - ruleId: base\n      fixd: {points: 1}\n`,
      [at(5, 'ruleSet.earnRules[0].fixd: is not a field here; check its name, or leave it out')],
    ],
    [
      'a key twice',
      `${head}ruleSet:\n  rounding: FLOOR\n  rounding: CEILING\n`,
      [at(4, 'ruleSet.rounding: is given twice; give it once')],
    ],
    [
      'a field by both of its names',
      'program: {programId: tea-time, program_id: tea-time, displayName: Tea}\n',
      [at(1, 'program.programId: is given twice; give it once')],
    ],
    [
      'a part by both of its names',
      `${head}ruleSet: {rounding: FLOOR}\nrule_set: {rounding: CEILING}\n`,
      [at(2, 'ruleSet: is given twice; give it once')],
    ],
    [
      'what the platform sets',
      `${head}ruleSet: {version: 3, state: ACTIVE, timeZone: UTC}\n`,
      [
        at(2, 'ruleSet.version: is set by the platform; leave it out'),
        at(2, 'ruleSet.state: is set by the platform; leave it out'),
        at(2, "ruleSet.timeZone: is the program's; leave it out"),
      ],
    ],
    [
      'a number as a text',
      `${head}ruleSet:\n  earnRules:\n    - {ruleId: base, multiplier: {factor: 1.5}}\n`,
      [at(4, 'ruleSet.earnRules[0].multiplier.factor: must be a string; put it in quotes')],
    ],
    [
      'a text as a number',
      `${head}rewards:\n  - rewardId: tea\n    displayName: Tea\n    fixed:\n      points: 0x10\n`,
      [at(6, 'rewards[0].fixed.points: must be a whole number in decimal digits, such as 25000')],
    ],
    [
      'a date as a time',
      `${head}ruleSet:\n  effectiveTime: 2027-01-01\n`,
      [at(3, 'ruleSet.effectiveTime: must be a time that exists, such as 2026-03-01T18:30:00Z')],
    ],
    [
      'a key without a value',
      `${head}ruleSet:\n  description:\n`,
      [at(3, 'ruleSet.description: has no value; give it one, or leave it out')],
    ],
    [
      'half of a character in a value and in a key',
      `${head}ruleSet:\n  description: "\\ud800"\n  "\\ud800": x\n`,
      [
        at(
          3,
          'ruleSet.description: has half of a character (an unpaired surrogate); write it whole',
        ),
        at(
          4,
          'ruleSet: has a key with half of a character (an unpaired surrogate); write it whole',
        ),
      ],
    ],
    [
      'an anchor and its alias',
      `${head}ruleSet: &a {}\nrewards: *a\n`,
      [
        at(2, "ruleSet: can't have an anchor; remove the & and its name"),
        at(3, "rewards: can't be an alias; write the value out"),
      ],
    ],
    [
      'a tag',
      `${head}ruleSet:\n  description: !!str 5\n`,
      [at(3, "ruleSet.description: can't have a tag; remove the ! and its name")],
    ],
    [
      'a merge',
      `${head}ruleSet:\n  <<: {rounding: FLOOR}\n`,
      [at(3, "ruleSet: can't merge with <<; write the members out")],
    ],
    [
      'YAML 1.1',
      `%YAML 1.1\n---\n${head}`,
      ['p.yaml:3: document 1: must be YAML 1.2; remove the line %YAML'],
    ],
    [
      'a name that is missing',
      'program: {programId: tea-time}\nrewards:\n  - rewardId: tea\n    fixed: {points: 1}\n',
      [at(1, 'program: displayName must be set'), at(3, 'rewards[0]: displayName must be set')],
    ],
    [
      'a time zone that there is not',
      'program: {programId: tea-time, displayName: Tea, timeZone: Mars/Olympus}\n',
      [
        at(
          1,
          'program.timeZone: "Mars/Olympus" is not a time zone of the IANA database; use a name such as "Europe/Paris"',
        ),
      ],
    ],
    [
      'a rule id twice',
      `${head}ruleSet:\n  earnRules:\n    - {ruleId: base, fixed: {points: 1}}\n    - {ruleId: base, fixed: {points: 2}}\n`,
      [
        at(
          5,
          'ruleSet.earnRules[1].ruleId: base is the id of an earlier rule; give each rule its own',
        ),
      ],
    ],
    [
      'a condition that does not compile',
      `${head}rewards:\n  - rewardId: tea\n    displayName: Tea\n    fixed: {points: 1}\n    condition: member.tier == "gold"\n`,
      [
        at(
          6,
          'rewards[0].condition: line 1, column 7: Member has no field tier; it has user_id, attributes, join_time, lifetime_earned',
        ),
      ],
    ],
    [
      'a reward twice',
      `${head}rewards:\n  - {rewardId: tea, displayName: Tea, fixed: {points: 1}}\n  - {rewardId: tea, displayName: Tea, fixed: {points: 1}}\n`,
      [at(4, 'rewards[1].rewardId: is that of an earlier reward; give each its own')],
    ],
    [
      'rewards as a mapping',
      `${head}rewards: {}\n`,
      [at(2, 'rewards: must be a list; [] is one without any')],
    ],
    [
      'a program twice',
      `${head}---\n${head}`,
      [
        'p.yaml:3: document 2 (tea-time): program.programId: is that of an earlier document; a program has one',
      ],
    ],
  ])('%s', (_what, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test('bytes that are no UTF-8', () => {
    expect(problemsOf(Buffer.from([0xff, 0xfe]))).toEqual(['p.yaml:1: must be encoded in UTF-8']);
  });
});

test('what looks like something else in YAML is the text that is written', () => {
  const [program] = readProgramsFile(
    'p.yaml',
    Buffer.from(
      'program:\n  programId: tea-time\n  displayName: no\n  description: 2027-01-01\n  metadata:\n    2026: "012"\n    on: off\n',
    ),
  );
  expect(program?.definition.program).toMatchObject({
    displayName: 'no',
    description: '2027-01-01',
    metadata: { 2026: '012', on: 'off' },
  });
});
