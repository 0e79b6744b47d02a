#!/usr/bin/env node
require('../../scripts/run.cjs').run([require.resolve('../src/main.ts'), ...process.argv.slice(2)]);
