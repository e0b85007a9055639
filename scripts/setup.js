/** From a bare clone to a working one: npm packages, the Arm compiler and the emulator. Plain Node, no dependency. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Programs outside npm, the Debian package of each, and what goes without it. */
const TOOLS = [
  {
    program: 'arm-none-eabi-gcc',
    packages: ['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi'],
    without: 'no firmware can be built',
  },
  { program: 'qemu-system-arm', packages: ['qemu-system-arm'], without: 'no emulated board can run' },
  { program: 'cmake', packages: ['cmake', 'ninja-build'], without: "the C library's CMake files cannot be tested" },
  {
    program: 'kconfiglib',
    check: "/usr/bin/python3 -c 'import kconfiglib'",
    packages: ['python3-kconfiglib'],
    without: "the Zephyr module's Kconfig is only parsed by the tests' own rules",
  },
  { program: 'gcc', packages: ['gcc', 'libc6-dev'], without: 'the host board (sanitizers) cannot be built' },
];

/** Installs what is missing and may be installed; returns the names of programs that are still missing. */
export function setUp() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) fail(`Node ${process.versions.node} is too old: expected 20 or newer; install a newer Node`);
  installPackages();
  return installTools();
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

function installTools() {
  const missing = TOOLS.filter((tool) => !isInstalled(tool));
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
  const still = TOOLS.filter((tool) => !isInstalled(tool));
  for (const { program, without } of still) console.log(`missing: ${program}; ${without}`);
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
