import fc from 'fast-check';

// The same examples in every run, so that a run that fails can be repeated and one that passes means the same everywhere.
// LOYALTY_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['LOYALTY_SEED'] ?? 1) });

export { fc };
