/** npm run build: the host's TypeScript to dist/, then every variant of the runtime to dist/runtime and dist/c. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const root = new URL('..', import.meta.url);
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const { buildAllRuntimes } = await import('../dist/host/board/compile.js');
try {
  for (const { variant, rebuilt } of await buildAllRuntimes()) {
    console.log(`runtime ${variant}: ${rebuilt ? 'built' : 'up to date'}`);
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
