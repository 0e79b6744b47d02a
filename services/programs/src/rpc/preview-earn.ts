import type { Handler } from '@loyalty/platform/rpc/handler.ts';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { dateOfTimestamp, timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  ExplanationLine_Kind,
  type MemberFacts as MemberFactsMessage,
  type ProgramService,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import type { App } from '../app/app.ts';
import { previewEarn } from '../app/preview-earn.ts';
import { required } from './required.ts';

type Method = typeof ProgramService.method.previewEarn;

export function previewEarnHandler(app: App): Handler<Method> {
  return async (request) => {
    const transaction = required(request.transaction, 'transaction');
    requireStorable(TransactionSchema, transaction, 'transaction');
    const preview = await previewEarn(app, {
      programId: request.programId,
      version: request.version,
      transaction,
      occurTime: required(
        dateOfTimestamp(transaction.occurTime, 'transaction.occur_time'),
        'transaction.occur_time',
      ),
      member: request.member === undefined ? {} : factsOf(request.member),
      at: dateOfTimestamp(request.at, 'at'),
    });
    return {
      points: preview.points,
      ruleSetVersion: preview.ruleSetVersion,
      explanation: preview.explanation.map((line) => ({
        ...line,
        kind: ExplanationLine_Kind[line.kind],
      })),
      ...timestampField('availableTime', preview.availableTime?.getTime()),
      ...timestampField('expireTime', preview.expireTime?.getTime()),
    };
  };
}

function factsOf({ userId, attributes, lifetimeEarned, ...facts }: MemberFactsMessage) {
  const joinTime = dateOfTimestamp(facts.joinTime, 'member.join_time');
  return { userId, attributes, lifetimeEarned, ...(joinTime !== undefined && { joinTime }) };
}
