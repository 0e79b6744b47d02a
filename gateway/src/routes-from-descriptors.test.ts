import { expect, test } from '@jest/globals';
import { createRouteTable } from './route-table.ts';
import { readRoutes } from './routes-from-descriptors.ts';
import { upstreamsOf } from './wiring.ts';

// Nothing else notices when an annotation in the contract changes what clients have to ask for.
const published = [
  'CreateProgram POST /v1/programs 201',
  'GetProgram GET /v1/programs/{program_id} 200',
  'ListPrograms GET /v1/programs 200',
  'UpdateProgram PATCH /v1/programs/{program_id} 200',
  'ActivateProgram POST /v1/programs/{program_id}:activate 200',
  'SuspendProgram POST /v1/programs/{program_id}:suspend 200',
  'ArchiveProgram POST /v1/programs/{program_id}:archive 200',
  'PreviewEarn POST /v1/programs/{program_id}:previewEarn 200',
  'ListProgramChanges GET /v1/programs/{program_id}/changes 200',
  'CreateRuleSet POST /v1/programs/{program_id}/rule-sets 201',
  'CopyRuleSet POST /v1/programs/{program_id}/rule-sets/{version}:copy 201',
  'UpdateRuleSet PATCH /v1/programs/{program_id}/rule-sets/{version} 200',
  'GetRuleSet GET /v1/programs/{program_id}/rule-sets/{version} 200',
  'ListRuleSets GET /v1/programs/{program_id}/rule-sets 200',
  'PublishRuleSet POST /v1/programs/{program_id}/rule-sets/{version}:publish 200',
  'WithdrawRuleSet POST /v1/programs/{program_id}/rule-sets/{version}:withdraw 200',
  'CreateReward POST /v1/programs/{program_id}/rewards 201',
  'UpdateReward PATCH /v1/programs/{program_id}/rewards/{reward_id} 200',
  'GetReward GET /v1/programs/{program_id}/rewards/{reward_id} 200',
  'ListRewards GET /v1/programs/{program_id}/rewards 200',
  'JoinProgram POST /v1/programs/{program_id}/members 201',
  'GetMembership GET /v1/programs/{program_id}/members/{user_id} 200',
  'ListMembers GET /v1/programs/{program_id}/members 200',
  'UpdateMembership PATCH /v1/programs/{program_id}/members/{user_id} 200',
  'ListMemberships GET /v1/users/{user_id}/memberships 200',
  'SuspendMembership POST /v1/programs/{program_id}/members/{user_id}:suspend 200',
  'ResumeMembership POST /v1/programs/{program_id}/members/{user_id}:resume 200',
  'LeaveProgram POST /v1/programs/{program_id}/members/{user_id}:leave 200',
  'Earn POST /v1/programs/{program_id}/earns 201',
  'SubmitEarn POST /v1/programs/{program_id}/earns:submit 202',
  'BatchEarn POST /v1/programs/{program_id}/earns:batch 200',
  'GetEarn GET /v1/programs/{program_id}/earns/{transaction_id} 200',
  'ListEarns GET /v1/programs/{program_id}/members/{user_id}/earns 200',
  'ListProgramEarns GET /v1/programs/{program_id}/earns 200',
  'ListProgramEntries GET /v1/programs/{program_id}/entries 200',
  'ReverseEarn POST /v1/programs/{program_id}/earns/{transaction_id}:reverse 200',
  'CancelRefund POST /v1/programs/{program_id}/earns/{transaction_id}:cancelRefund 200',
  'ListWaitingRefunds GET /v1/programs/{program_id}/waiting-refunds 200',
  'GetBalance GET /v1/programs/{program_id}/members/{user_id}/balance 200',
  'GetProgramSummary GET /v1/programs/{program_id}/summary 200',
  'ListEntries GET /v1/programs/{program_id}/members/{user_id}/entries 200',
  'AdjustBalance POST /v1/programs/{program_id}/members/{user_id}:adjust 201',
  'BatchAdjust POST /v1/programs/{program_id}/adjustments:batch 200',
  'QuoteEarn POST /v1/programs/{program_id}/members/{user_id}:quoteEarn 200',
  'ListExpiries GET /v1/programs/{program_id}/members/{user_id}/expiries 200',
  'ListMaturities GET /v1/programs/{program_id}/members/{user_id}/maturities 200',
  'GetStatement GET /v1/programs/{program_id}/members/{user_id}/statement 200',
  'QuoteRedemption POST /v1/programs/{program_id}/members/{user_id}:quoteRedemption 200',
  'ListRewardQuotes GET /v1/programs/{program_id}/members/{user_id}/reward-quotes 200',
  'Redeem POST /v1/programs/{program_id}/members/{user_id}/redemptions 201',
  'GetRedemption GET /v1/programs/{program_id}/members/{user_id}/redemptions/{redemption_id} 200',
  'ListRedemptions GET /v1/programs/{program_id}/members/{user_id}/redemptions 200',
  'ListProgramRedemptions GET /v1/programs/{program_id}/redemptions 200',
  'ListOpenHolds GET /v1/programs/{program_id}/open-holds 200',
  'CaptureRedemption POST /v1/programs/{program_id}/members/{user_id}/redemptions/{redemption_id}:capture 200',
  'CancelRedemption POST /v1/programs/{program_id}/members/{user_id}/redemptions/{redemption_id}:cancel 200',
  'ReverseRedemption POST /v1/programs/{program_id}/members/{user_id}/redemptions/{redemption_id}:reverse 200',
  'ListDeadLetters GET /v1/dead-letters 200',
  'GetDeadLetter GET /v1/dead-letters/{dead_letter_id} 200',
  'ReplayDeadLetter POST /v1/dead-letters/{dead_letter_id}:replay 200',
  'DiscardDeadLetter POST /v1/dead-letters/{dead_letter_id}:discard 200',
  'CreateWebhook POST /v1/programs/{program_id}/webhooks 201',
  'GetWebhook GET /v1/programs/{program_id}/webhooks/{webhook_id} 200',
  'ListWebhooks GET /v1/programs/{program_id}/webhooks 200',
  'UpdateWebhook PATCH /v1/programs/{program_id}/webhooks/{webhook_id} 200',
  'DeleteWebhook DELETE /v1/programs/{program_id}/webhooks/{webhook_id} 200',
  'RotateSecret POST /v1/programs/{program_id}/webhooks/{webhook_id}:rotateSecret 200',
  'TestWebhook POST /v1/programs/{program_id}/webhooks/{webhook_id}:test 200',
  'ListDeliveries GET /v1/programs/{program_id}/webhooks/{webhook_id}/deliveries 200',
  'RetryDelivery POST /v1/programs/{program_id}/webhooks/{webhook_id}/deliveries/{delivery_id}:retry 200',
  'ReplayWebhook POST /v1/programs/{program_id}/webhooks/{webhook_id}:replay 200',
];

test('the routes are those that were published', () => {
  const targets = upstreamsOf({ programsAddress: '', ledgerAddress: '', webhooksAddress: '' });
  const routes = readRoutes(targets.flatMap(({ services }) => services));
  expect(
    routes.map(({ method, httpMethod, path, status }) =>
      [method.name, httpMethod, path, status].join(' '),
    ),
  ).toEqual(published);
  expect(() => createRouteTable(routes)).not.toThrow();
});

test('what has to come in a header is not asked for elsewhere', () => {
  const targets = upstreamsOf({ programsAddress: '', ledgerAddress: '', webhooksAddress: '' });
  const bound = readRoutes(targets.flatMap(({ services }) => services)).flatMap((route) =>
    route.headerFields.map(({ header }) => `${route.method.name} ${header}`),
  );
  expect(bound).toEqual([
    'UpdateProgram If-Match',
    'UpdateRuleSet If-Match',
    'UpdateReward If-Match',
    'UpdateMembership If-Match',
    'AdjustBalance Idempotency-Key',
    'Redeem Idempotency-Key',
    'ReverseRedemption Idempotency-Key',
    'UpdateWebhook If-Match',
  ]);
});

test('without the webhooks service its routes do not exist', () => {
  const targets = upstreamsOf({
    programsAddress: '',
    ledgerAddress: '',
    webhooksAddress: undefined,
  });
  const routes = readRoutes(targets.flatMap(({ services }) => services));
  expect(routes.filter(({ path }) => path.includes('webhooks'))).toEqual([]);
});
