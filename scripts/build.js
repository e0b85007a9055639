/** npm run build: the host's TypeScript to dist/, then every variant of the runtime and the kernels of training. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const STAMP = join(root, 'dist', '.compiled');

/** Compiles what is missing or older than its sources; says on stderr what it does. Exits when that fails. */
export async function ensureBuilt({ verbose = false } = {}) {
  if (!statSync(join(root, 'host'), { throwIfNoEntry: false })) return; // an installed package: dist/ is all there is
  if (isStale()) compileHost();
  const { buildAllRuntimes } = await import('../dist/host/build/compile.js');
  const { buildTrainingKernels } = await import('../dist/host/build/trainingKernels.js');
  try {
    for (const { variant, rebuilt } of await buildAllRuntimes()) {
      if (rebuilt || verbose) console.error(`runtime ${variant}: ${rebuilt ? 'built' : 'up to date'}`);
    }
    if (await buildTrainingKernels()) console.error('kernels of training: built');
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

function compileHost() {
  console.error('compiling host/ to dist/');
  const began = new Date();
  // with the docstrings, which editors show, and only those that changed, as types take long to check;
  compile('--emitDeclarationOnly', '--incremental', '--tsBuildInfoFile', 'dist/.declarations');
  compile('--declaration', 'false', '--removeComments', '--noCheck'); // browsers load the code without
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(STAMP, '');
  utimesSync(STAMP, began, began); // what was edited meanwhile is newer
}

function compile(...options) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const words = [tsc, '-p', 'tsconfig.build.json', ...options];
  const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(2);
}

/** True when a source is newer than the last compilation. */
function isStale() {
  const stamp = statSync(STAMP, { throwIfNoEntry: false });
  if (!stamp) return true;
  const sources = ['host', 'assembly'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, folder, name)),
  );
  return ['tsconfig.json', 'tsconfig.build.json', 'package.json', ...sources].some(
    (path) => statSync(join(root, path.startsWith(root) ? path.slice(root.length) : path)).mtimeMs > stamp.mtimeMs,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuilt({ verbose: true });
