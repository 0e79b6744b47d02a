// E: an empty handler over the same transport: the upper bound that the transport sets.
import { earnResponse, pointsFor, readSettings, runEarnServer } from './earn-server.ts';

await runEarnServer({
  name: 'empty',
  settings: readSettings(),
  start: () =>
    Promise.resolve({
      earn: (request) => {
        const points = pointsFor(request);
        return Promise.resolve(earnResponse(request, { points, balance: points }));
      },
      stop: () => Promise.resolve(),
    }),
});
