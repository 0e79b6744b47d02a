import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Program_Enrollment,
  Program_State,
} from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  createActive,
  createDraft,
  fivePerHundred,
  newProgramId,
  type Setting,
  startSetting,
  tokenOf,
} from './running-programs.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });

describe('creating a program', () => {
  test('starts as a draft, with a default for each setting that is absent', async () => {
    const programId = newProgramId();
    const { program } = await setting.clients.programs.createProgram(
      { program: { programId, displayName: 'Wine & Dine' } },
      admin(),
    );
    expect(program).toMatchObject({
      programId,
      displayName: 'Wine & Dine',
      state: Program_State.DRAFT,
      unit: { singular: 'point', plural: 'points' },
      timeZone: 'UTC',
      enrollment: Program_Enrollment.OPEN,
      limits: { earnsPerMinute: 0, redemptionsPerMinute: 5 },
      activeRuleSetVersion: 0,
      metadata: {},
    });
    expect(program?.etag).not.toBe('');
    expect(program?.createTime).toEqual(program?.updateTime);
  });

  test('keeps every setting', async () => {
    const settings = {
      displayName: 'Wine & Dine',
      description: 'For those who like both',
      unit: { singular: 'token', plural: 'tokens' },
      timeZone: 'Europe/Paris',
      enrollment: Program_Enrollment.AUTO,
      limits: { earnsPerMinute: 10, redemptionsPerMinute: 0 },
      metadata: { owner: 'marketing' },
      notices: { expiringDays: 30, maturingDays: 0 },
    };
    const { programId } = await createDraft(setting, settings);
    const { program } = await setting.clients.programs.getProgram({ programId }, admin());
    expect(program).toMatchObject(settings);
  });

  test('is refused when the id is taken', async () => {
    const { programId } = await createDraft(setting);
    await expect(createDraft(setting, { programId })).rejects.toMatchObject({
      reason: 'ALREADY_EXISTS',
    });
  });

  test('gives an id to only one of two that want it at the same moment', async () => {
    const programId = newProgramId();
    const outcomes = await Promise.allSettled([
      createDraft(setting, { programId }),
      createDraft(setting, { programId }),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes).toContainEqual(
      expect.objectContaining({ reason: expect.objectContaining({ reason: 'ALREADY_EXISTS' }) }),
    );
  });

  test.each([
    {
      wrong: 'a time zone that is none',
      program: { timeZone: 'Mars/Olympus' },
      field: 'time_zone',
    },
    { wrong: 'an offset as time zone', program: { timeZone: '+02:00' }, field: 'time_zone' },
    { wrong: 'an id that is no slug', program: { programId: 'Wine & Dine' }, field: 'program_id' },
    { wrong: 'no name', program: { displayName: '' }, field: '' },
  ])('refuses $wrong', async ({ program, field }) => {
    await expect(createDraft(setting, program)).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: field === '' ? 'program' : `program.${field}` }],
    });
  });

  test('is for admins only, and with a program claim for those programs only', async () => {
    const request = { program: { programId: newProgramId(), displayName: 'x' } };
    const elsewhere = await tokenOf({ role: 'admin', programs: ['another-one'] });
    for (const token of [setting.tokens.service, setting.tokens.member, elsewhere]) {
      await expect(
        setting.clients.programs.createProgram(request, { token }),
      ).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
    }
    await expect(setting.clients.programs.createProgram(request, {})).rejects.toMatchObject({
      reason: 'UNAUTHENTICATED',
    });
  });
});

describe('updating a program', () => {
  test('changes what the mask names and clears what has no value', async () => {
    const draft = await createDraft(setting, {
      description: 'old',
      timeZone: 'Europe/Paris',
      metadata: { a: '1' },
      notices: { expiringDays: 7 },
    });
    const { program } = await setting.clients.programs.updateProgram(
      {
        programId: draft.programId,
        program: { displayName: 'New', description: 'ignored' },
        updateMask: { paths: ['display_name', 'time_zone', 'metadata', 'notices'] },
      },
      admin(),
    );
    expect(program).toMatchObject({
      displayName: 'New',
      description: 'old',
      timeZone: 'UTC',
      metadata: {},
    });
    expect(draft.notices?.expiringDays).toBe(7);
    expect(program?.notices).toBeUndefined();
    expect(program?.etag).not.toBe(draft.etag);
  });

  test('without a mask changes the fields that have a value', async () => {
    const { programId } = await createDraft(setting, { description: 'old' });
    const { program } = await setting.clients.programs.updateProgram(
      { programId, program: { displayName: 'New' } },
      admin(),
    );
    expect(program).toMatchObject({ displayName: 'New', description: 'old' });
  });

  test('accepts what was read, sent back whole', async () => {
    const draft = await createDraft(setting);
    const { program } = await setting.clients.programs.updateProgram(
      {
        programId: draft.programId,
        program: { ...draft, description: 'added' },
        updateMask: {
          paths: ['program_id', 'display_name', 'description', 'state', 'etag', 'create_time'],
        },
      },
      admin(),
    );
    expect(program?.description).toBe('added');
  });

  test('that changes nothing keeps etag and time', async () => {
    const draft = await createDraft(setting);
    const { program } = await setting.clients.programs.updateProgram(
      { programId: draft.programId, program: { displayName: draft.displayName } },
      admin(),
    );
    expect(program).toEqual(draft);
  });

  test.each([
    {
      wrong: 'clears the name',
      program: {},
      paths: ['display_name'],
      field: 'program.display_name',
    },
    { wrong: 'names an unknown field', program: {}, paths: ['colour'], field: 'update_mask' },
    {
      wrong: 'sets the state',
      program: { state: Program_State.ACTIVE },
      paths: ['state'],
      field: 'program.state',
    },
    {
      wrong: 'changes the id',
      program: { programId: 'another-one' },
      paths: ['program_id'],
      field: 'program.program_id',
    },
  ])('is refused when it $wrong', async ({ program, paths, field }) => {
    const { programId } = await createDraft(setting);
    await expect(
      setting.clients.programs.updateProgram(
        { programId, program, updateMask: { paths } },
        admin(),
      ),
    ).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [expect.objectContaining({ field })],
    });
  });

  test.each([
    { form: 'as it is', etagOf: (etag: string) => ({ etag }) },
    { form: 'in quotes', etagOf: (etag: string) => ({ etag: `"${etag}"` }) },
    { form: 'weak', etagOf: (etag: string) => ({ etag: `W/"${etag}"` }) },
    { form: 'among others', etagOf: (etag: string) => ({ etag: `"0-0", "${etag}"` }) },
    { form: 'as a star', etagOf: () => ({ etag: '*' }) },
    { form: 'in the program', etagOf: (etag: string) => ({ program: { etag } }) },
  ])('takes the present etag $form', async ({ etagOf }) => {
    const draft = await createDraft(setting);
    const { etag, program } = { program: {}, etag: '', ...etagOf(draft.etag) };
    const updated = await setting.clients.programs.updateProgram(
      { programId: draft.programId, program: { ...program, displayName: 'New' }, etag },
      admin(),
    );
    expect(updated.program?.displayName).toBe('New');
  });

  test('is refused with a stale etag, in either place', async () => {
    const { programId, etag } = await createDraft(setting);
    const update = (displayName: string, where: object) =>
      setting.clients.programs.updateProgram(
        { programId, program: { displayName }, ...where },
        admin(),
      );
    await update('First', { etag });
    await expect(update('Second', { etag })).rejects.toMatchObject({ reason: 'ETAG_MISMATCH' });
    await expect(
      update('Second', { program: { displayName: 'Second', etag } }),
    ).rejects.toMatchObject({ reason: 'ETAG_MISMATCH' });
  });

  test('lets exactly one of several with the same etag win, on two replicas', async () => {
    const { programId, etag } = await createDraft(setting);
    const replica = await setting.startReplica();
    try {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? setting.clients : replica.clients).programs.updateProgram(
            { programId, program: { displayName: `Name ${index}` }, etag },
            admin(),
          ),
        ),
      );
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(won).toHaveLength(1);
      expect(lost.map(({ reason }) => reason.reason)).toEqual(Array(7).fill('ETAG_MISMATCH'));
      const { program } = await setting.clients.programs.getProgram({ programId }, admin());
      expect(program?.displayName).toBe(won[0]?.value.program?.displayName);
    } finally {
      await replica.stop();
    }
  });

  test('of a program that does not exist is refused', async () => {
    await expect(
      setting.clients.programs.updateProgram(
        { programId: newProgramId(), program: { displayName: 'x' } },
        admin(),
      ),
    ).rejects.toMatchObject({ reason: 'PROGRAM_NOT_FOUND' });
  });
});

describe('the life of a program', () => {
  test('leads through activation to suspension and back', async () => {
    const { programId, state } = await createActive(setting);
    expect(state).toBe(Program_State.ACTIVE);
    const { programs } = setting.clients;
    const suspended = await programs.suspendProgram({ programId }, admin());
    expect(suspended.program?.state).toBe(Program_State.SUSPENDED);
    const active = await programs.activateProgram({ programId }, admin());
    expect(active.program?.state).toBe(Program_State.ACTIVE);
  });

  test('does not start without a rule set in force', async () => {
    const { programId } = await createDraft(setting);
    const { ruleSets, programs } = setting.clients;
    const activate = () => programs.activateProgram({ programId }, admin());
    await expect(activate()).rejects.toMatchObject({ reason: 'RULE_SET_NOT_FOUND' });
    await ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin());
    await expect(activate()).rejects.toMatchObject({ reason: 'RULE_SET_NOT_FOUND' });
    await ruleSets.publishRuleSet({ programId, version: 1 }, admin());
    const { program } = await activate();
    expect(program).toMatchObject({ state: Program_State.ACTIVE, activeRuleSetVersion: 1 });
  });

  test('answers a repeated verb with the program as it is', async () => {
    const active = await createActive(setting);
    const { programId } = active;
    const { program } = await setting.clients.programs.activateProgram({ programId }, admin());
    expect(program).toEqual(active);
  });

  test.each([
    { from: 'DRAFT', verb: 'suspendProgram', to: 'SUSPENDED' },
    { from: 'ACTIVE', verb: 'archiveProgram', to: 'ARCHIVED' },
    { from: 'ARCHIVED', verb: 'activateProgram', to: 'ACTIVE' },
    { from: 'ARCHIVED', verb: 'suspendProgram', to: 'SUSPENDED' },
  ] as const)('leads from $from not to $to', async ({ from, verb, to }) => {
    const { programId } = await (from === 'ACTIVE' ? createActive : createDraft)(setting);
    const { programs } = setting.clients;
    if (from === 'ARCHIVED') await programs.archiveProgram({ programId }, admin());
    await expect(programs[verb]({ programId }, admin())).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
      metadata: { from, to },
    });
  });

  test('ends with the archive: nothing of it changes any more', async () => {
    const { programId } = await createDraft(setting);
    const { programs, ruleSets, rewards } = setting.clients;
    await programs.archiveProgram({ programId }, admin());
    await expect(
      programs.updateProgram({ programId, program: { displayName: 'x' } }, admin()),
    ).rejects.toMatchObject({
      reason: 'PROGRAM_NOT_ACTIVE',
      message: expect.stringContaining("ARCHIVED: it, its rule sets and its rewards can't change"),
      metadata: { programId, state: 'ARCHIVED' },
    });
    await expect(
      ruleSets.createRuleSet({ programId, ruleSet: fivePerHundred }, admin()),
    ).rejects.toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });
    const reward = {
      rewardId: 'glass',
      displayName: 'A glass',
      price: { case: 'fixed' as const, value: { points: 10n } },
    };
    await expect(rewards.createReward({ programId, reward }, admin())).rejects.toMatchObject({
      reason: 'PROGRAM_NOT_ACTIVE',
    });
  });

  test.each(['activateProgram', 'suspendProgram', 'archiveProgram'] as const)(
    '%s of a program that does not exist is refused',
    async (verb) => {
      await expect(
        setting.clients.programs[verb]({ programId: newProgramId() }, admin()),
      ).rejects.toMatchObject({ reason: 'PROGRAM_NOT_FOUND' });
    },
  );
});

test('everything is there again after a restart', async () => {
  const active = await createActive(setting);
  await setting.restart();
  const { program } = await setting.clients.programs.getProgram(
    { programId: active.programId },
    admin(),
  );
  expect(program).toEqual(active);
});
