/** Milliseconds that a timer can wait; it fires at once if it is to wait longer. */
export const timerMsMax = 2 ** 31 - 1;

const timeoutPattern = /^(\d{1,8})([HMSmun])$/;
const msOfUnit: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Whether a header `grpc-timeout` can be read. */
export function isTimeout(grpcTimeout: string): boolean {
  return timeoutPattern.test(grpcTimeout);
}

/** The header `grpc-timeout` as it is, or the longest that a timer can wait: 24 days are as good as any longer time. */
export function withinTimer(grpcTimeout: string): string {
  const [, digits = '', unit = ''] = timeoutPattern.exec(grpcTimeout) ?? [];
  const ms = Number(digits) * (msOfUnit[unit] ?? 0);
  return ms > timerMsMax ? `${Math.floor(timerMsMax / 1000)}S` : grpcTimeout;
}

/** The same of the header `connect-timeout-ms`. */
export function withinTimerMs(connectTimeoutMs: string): string {
  return /^\d+$/.test(connectTimeoutMs) && Number(connectTimeoutMs) > timerMsMax
    ? String(timerMsMax)
    : connectTimeoutMs;
}
