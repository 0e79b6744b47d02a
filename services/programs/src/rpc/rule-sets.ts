import { integerIn, type PositionCodec, pageRequest } from '@loyalty/platform/paging.ts';
import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handlers } from '@loyalty/platform/rpc/handler.ts';
import { renderPage } from '@loyalty/platform/rpc/page.ts';
import { required, requireSameId } from '@loyalty/platform/rpc/required.ts';
import { msOfTimestamp } from '@loyalty/platform/rpc/timestamps.ts';
import {
  type RuleSet as RuleSetMessage,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { copyRuleSet } from '../app/copy-rule-set.ts';
import { createRuleSet } from '../app/create-rule-set.ts';
import { getRuleSet } from '../app/get-rule-set.ts';
import { listRuleSets } from '../app/list-rule-sets.ts';
import { publishRuleSet } from '../app/publish-rule-set.ts';
import { updateRuleSet } from '../app/update-rule-set.ts';
import { withdrawRuleSet } from '../app/withdraw-rule-set.ts';
import { authorOf } from './caller.ts';
import {
  definitionFields,
  parseAssumed,
  parseDefinition,
  renderRuleSet,
} from './rule-set-message.ts';

const versionMax = 2n ** 31n - 1n;

const versionPosition: PositionCodec<number> = {
  toTexts: (version) => [String(version)],
  fromTexts([text = '', ...others]) {
    const version = others.length === 0 ? integerIn(text, versionMax) : undefined;
    return version === undefined ? undefined : Number(version);
  },
};

/** Versions of the rules. */
export function ruleSetHandlers(app: App): Handlers<typeof RuleSetService> {
  return {
    async createRuleSet({ programId, ruleSet }, context) {
      const message = required(ruleSet, 'rule_set');
      requireSameId('rule_set.program_id', { inBody: message.programId, inPath: programId });
      const created = await createRuleSet(app, {
        programId,
        definition: parseDefinition(message),
        assumed: parseAssumed(message),
        author: authorOf(context),
      });
      return { ruleSet: renderRuleSet(created) };
    },

    async copyRuleSet({ programId, version }, context) {
      const author = authorOf(context);
      return { ruleSet: renderRuleSet(await copyRuleSet(app, { programId, version, author })) };
    },

    async updateRuleSet(request, context) {
      const { programId, version, updateMask } = request;
      const message = required(request.ruleSet, 'rule_set');
      requireSameId('rule_set.program_id', { inBody: message.programId, inPath: programId });
      const fields = pathsToUpdate({
        schema: RuleSetSchema,
        message,
        field: 'rule_set',
        mask: updateMask,
        updatable: Object.keys(definitionFields),
        ignored: [
          'program_id',
          'version',
          'state',
          'time_zone',
          'etag',
          'create_time',
          'update_time',
        ],
      });
      const definition = parseDefinition(message);
      const updated = await updateRuleSet(app, {
        programId,
        version,
        edit: (present) => merged({ present, definition, fields }),
        assumed: parseAssumed(message),
        etags: etagConditions(request.etag, message.etag),
        author: authorOf(context),
      });
      return { ruleSet: renderRuleSet(updated) };
    },

    async getRuleSet({ programId, version }) {
      return { ruleSet: renderRuleSet(await getRuleSet(app, { programId, version })) };
    },

    async listRuleSets(request) {
      const { programId } = request;
      const list = { filter: { list: 'rule_sets', programId }, position: versionPosition };
      const { limit, after: before } = pageRequest(request, list);
      const page = await listRuleSets(app, { programId, before, limit });
      const { messages, nextPageToken } = renderPage({
        page: { ...page, positions: page.items.map(({ ruleSet }) => ruleSet.version) },
        list,
        schema: RuleSetSchema,
        render: renderRuleSet,
      });
      return { ruleSets: messages, nextPageToken };
    },

    async publishRuleSet({ programId, version, effectiveTime }, context) {
      const published = await publishRuleSet(app, {
        programId,
        version,
        effectiveTime: msOfTimestamp(effectiveTime, 'effective_time'),
        author: authorOf(context),
      });
      return { ruleSet: renderRuleSet(published) };
    },

    async withdrawRuleSet({ programId, version }, context) {
      const author = authorOf(context);
      return { ruleSet: renderRuleSet(await withdrawRuleSet(app, { programId, version, author })) };
    },
  };
}

interface Merge {
  present: RuleSetMessage;
  definition: RuleSetMessage;
  fields: ReadonlySet<string>;
}

function merged({ present, definition, fields }: Merge): RuleSetMessage {
  const names = Object.entries(definitionFields)
    .filter(([field]) => fields.has(field))
    .map(([, name]) => [name, definition[name]]);
  return { ...present, ...Object.fromEntries(names) };
}
