import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type Transaction,
  TransactionSchema,
} from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';

/** A transaction as bytes, protobuf, to be kept with its earn: fields of later versions survive. */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  return toBinary(TransactionSchema, transaction);
}

/** @throws when the bytes aren't what {@link encodeTransaction} made */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  return fromBinary(TransactionSchema, bytes);
}
