#!/usr/bin/env node
require('../../scripts/run.cjs').run(['cli/src/main.ts', ...process.argv.slice(2)]);
