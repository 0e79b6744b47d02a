import { expect, test } from '@jest/globals';
import { createRegistry, rpcMetrics } from './metrics.ts';

test('a scrape shows how many calls ended how, and which are still under way', async () => {
  const registry = createRegistry({ service: 'ledger' });
  const calls = rpcMetrics(registry)({ method: 'Earn', transport: 'grpc' });
  calls.started();
  calls.started();
  calls.finished({ code: 'OK', durationSeconds: 0.004 });

  const text = await registry.metrics();
  const labels = 'method="Earn",transport="grpc"';
  expect(text).toContain(`rpc_server_in_flight{${labels},service="ledger"} 1`);
  expect(text).toContain(
    `rpc_server_duration_seconds_count{service="ledger",${labels},code="OK"} 1`,
  );
  expect(text).toContain('process_resident_memory_bytes');
});
