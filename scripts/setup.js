/**
 * From a bare clone to a working one: npm packages, compilers and emulators of the boards. Plain Node, no dependency.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * What the tests need from outside npm, whatever boards there are, and the Debian packages of each; `check` where it is
 * no program, `projects` of the tests that need it (test/projects.ts).
 */
const OTHER_TOOLS = [
  {
    program: 'cmake',
    projects: ['boards', 'zephyr'],
    packages: ['cmake', 'ninja-build'],
    neededBy: "the C library's CMake files",
  },
  {
    program: 'arm-none-eabi-gcc',
    projects: ['boards', 'zephyr'],
    packages: ['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi'],
    neededBy: "the C library's example",
  },
  {
    program: 'kconfiglib',
    check: "/usr/bin/python3 -c 'import kconfiglib'",
    projects: ['zephyr'],
    packages: ['python3-kconfiglib'],
    neededBy: "the Zephyr module's Kconfig",
  },
  {
    program: '32-bit headers of the C library',
    check: "echo '#include <errno.h>' | gcc -m32 -ffreestanding -fsyntax-only -x c -",
    projects: ['zephyr'],
    packages: ['gcc-multilib'],
    neededBy: "the Zephyr module's sources, compiled for 32 bits",
  },
  {
    program: 'clang',
    projects: ['boards'],
    packages: ['clang'],
    neededBy: 'the C library, for which GCC alone is no proof',
  },
  { program: 'chromium', projects: ['host'], packages: ['chromium'], neededBy: 'the package in a browser' },
];

/** The compiler and, if there is one, the emulator of each board, as the board.json of its folder has them. */
function boardTools() {
  const folder = join(root, 'boards');
  return readdirSync(folder)
    .map((name) => join(folder, name, 'board.json'))
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      const { name, toolchain, packages = {}, runner } = JSON.parse(readFileSync(path, 'utf8'));
      const compiler = { program: `${toolchain}gcc`, packages: packages.compiler ?? [], neededBy: name };
      if (runner.kind !== 'qemu') return [compiler];
      return [compiler, { program: runner.program, packages: packages.emulator ?? [], neededBy: name }];
    })
    .map((tool) => ({ ...tool, projects: ['boards', 'zephyr'] }));
}

/** What the named boards need, or the named projects of the tests, or all of them: each program once. */
export function toolsFor({ boards, projects } = {}) {
  const tests = [...boardTools(), ...OTHER_TOOLS].filter(
    (tool) => !projects || tool.projects.some((project) => projects.includes(project)),
  );
  const wanted = boards ? boardTools().filter(({ neededBy }) => boards.includes(neededBy)) : tests;
  return [...new Set(wanted.map(({ program }) => program))].map((program) => {
    const same = wanted.filter((tool) => tool.program === program);
    const packages = [...new Set(same.flatMap((tool) => tool.packages))];
    const check = same.find((tool) => tool.check)?.check;
    return { program, check, packages, neededBy: same.map((tool) => tool.neededBy) };
  });
}

/**
 * Installs what is missing of `toolsFor` and may be installed; returns the names of programs that are still missing.
 */
export function setUp(use = {}) {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`Node ${process.versions.node} is too old: expected 20 or newer; install a newer Node`);
  installPackages();
  return installTools(toolsFor(use));
}

/** npm ci when node_modules is missing or older than the lock file. */
function installPackages() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('installing npm packages (npm ci)');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) fail('npm ci failed: see above; is the registry reachable?');
}

function installTools(tools) {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return [];
  const packages = missing.flatMap((tool) => tool.packages);
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages];
  const prefix =
    process.getuid?.() === 0 ? [] : isThere('sudo') && run(['sudo', '-n', 'true'], 'ignore') ? ['sudo', '-n'] : null;
  if (isThere('apt-get') && prefix !== null) {
    console.log(`installing ${packages.join(' ')} (apt-get)`);
    run([...prefix, 'apt-get', 'update', '-qq'], 'ignore');
    run([...prefix, ...install], ['ignore', 'ignore', 'inherit']);
  }
  const still = tools.filter((tool) => !isInstalled(tool));
  for (const { program, neededBy } of still) console.log(`missing: ${program}, needed by ${neededBy.join(', ')}`);
  if (still.length > 0)
    console.log(`to install: sudo apt-get install ${still.flatMap((tool) => tool.packages).join(' ')}`);
  return still.map(({ program }) => program);
}

const isInstalled = ({ program, check }) => (check ? run(['sh', '-c', check], 'ignore') : isThere(program));

const isThere = (program) => run(['sh', '-c', `command -v ${program}`], 'ignore');

function run([program, ...words], stdio) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(program, words, { stdio, env }).status === 0;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
