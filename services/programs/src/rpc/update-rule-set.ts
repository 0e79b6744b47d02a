import { etagConditions } from '@loyalty/platform/rpc/etag-conditions.ts';
import { pathsToUpdate } from '@loyalty/platform/rpc/field-mask.ts';
import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import {
  type RuleSet as RuleSetMessage,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { RuleSetService } from '@loyalty/proto/loyalty/programs/v1/rule_set_service_pb.ts';
import type { App } from '../app/app.ts';
import { updateRuleSet } from '../app/update-rule-set.ts';
import { authorOf } from './caller.ts';
import { required, requireSameId } from './required.ts';
import {
  definitionFields,
  parseAssumed,
  parseDefinition,
  renderRuleSet,
} from './rule-set-message.ts';

type Method = typeof RuleSetService.method.updateRuleSet;

export function updateRuleSetHandler(app: App): Handler<Method> {
  return async (request, context) => {
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
