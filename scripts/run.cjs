exports.run = () => {};
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const root = path.join(__dirname, '..');
const bin = path.join(root, 'node_modules/node/bin');
process.exit(spawnSync(path.join(bin, 'node'), process.argv.slice(2), { stdio: 'inherit', env: { ...process.env, PATH: bin + ':' + process.env.PATH } }).status);
