/** host/train/kernels/source -> dist/train/kernels.wasm, built where what went in is not what its hash says. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../system/files.ts';
import { inTemporaryFolder } from '../system/folder.ts';
import { runNode } from '../system/process.ts';
import { isInstalled, projectRoot } from '../system/root.ts';

const SOURCE = 'host/train/kernels/source';

/** Addresses are of 32 bits here and everywhere: no warning where they meet other integers. */
const FLAGS = ['--enable', 'simd', '--disableWarning', '201', '--noColors'];

/** True where it was built anew. An installed package has it. */
export async function buildTrainingKernels(root = projectRoot()): Promise<boolean> {
  if (isInstalled(root)) return false;
  const wasm = join(root, 'dist', 'train', 'kernels.wasm');
  const recorded = `${wasm}.sha256`;
  const hash = inputsOf(root);
  if (existsSync(wasm) && existsSync(recorded) && readFileSync(recorded, 'utf8') === hash) return false;
  for (const folder of ['build', join('dist', 'train')]) mkdirSync(join(root, folder), { recursive: true });
  await inTemporaryFolder(join(root, 'build', 'kernels-'), async (folder) => {
    const built = join(folder, 'kernels.wasm');
    const asc = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
    await runNode(asc, [`${SOURCE}/index.ts`, ...FLAGS, '-o', built], root);
    writeWhole(wasm, readFileSync(built));
  });
  writeWhole(recorded, hash);
  return true;
}

/** Hash of sources, options and compiler. */
function inputsOf(root: string): string {
  const hash = createHash('sha256').update(FLAGS.join());
  const sources = readdirSync(join(root, SOURCE)).filter((name) => name.endsWith('.ts'));
  const manifest = 'node_modules/assemblyscript/package.json';
  for (const path of ['asconfig.json', manifest, ...sources.sort().map((name) => `${SOURCE}/${name}`)])
    hash.update(`\n${path}\n`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}
