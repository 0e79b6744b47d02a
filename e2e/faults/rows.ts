import { overspend, sameRedeem, writersRow } from './rows/contention.ts';
import { beforeAck, beforeCommit, freeze, kill, terminate } from './rows/ledger.ts';
import { beforeMark, natsKill, poison, relays } from './rows/messages.ts';
import { overload } from './rows/overload.ts';
import { cutCommit, databaseAway, postgresImmediate, postgresKill } from './rows/postgres.ts';
import { programsAway } from './rows/programs.ts';
import { webhooksInTurn } from './rows/webhooks.ts';
import type { Row } from './trial.ts';

/** In the order of the report. */
export const rows: readonly Row[] = [
  kill,
  beforeCommit,
  beforeAck,
  beforeMark,
  freeze,
  terminate,
  postgresImmediate,
  postgresKill,
  cutCommit,
  databaseAway,
  natsKill,
  poison,
  relays,
  programsAway,
  webhooksInTurn,
  writersRow,
  sameRedeem,
  overspend,
  overload,
];
