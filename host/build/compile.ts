/**
 * assembly/ -> dist/runtime/htpw.<variant>.wasm -> dist/runtime/htpw_<variant>.c, and the same module made to run in
 * Node. Cached by content: what went in is hashed, and nothing is built while the hash that lies beside the result
 * agrees.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { findVariant, VARIANT_NAMES, type Variant, type VariantName } from '../runtime/variants.ts';
import { writeWhole } from '../system/files.ts';
import { inTemporaryFolder } from '../system/folder.ts';
import { runNode } from '../system/process.ts';
import { isInstalled, projectRoot } from '../system/root.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { assertFit } from './gate.ts';
import { statusHeader, statusNames } from './status.ts';
import { translate } from './translate.ts';

const TOOLS = {
  asc: ['assemblyscript', 'bin/asc.js'],
  merge: ['binaryen', 'bin/wasm-merge'],
  optimize: ['binaryen', 'bin/wasm-opt'],
  strip: ['wabt', 'bin/wasm-strip'],
  wasm2c: ['wabt', 'bin/wasm2c'],
} as const;

const toolPath = (root: string, tool: keyof typeof TOOLS) => join(root, 'node_modules', ...TOOLS[tool]);

async function toolVersions(root: string): Promise<string[]> {
  const names = ['assemblyscript', 'binaryen', 'wabt'];
  const versions = names.map(async (name) => {
    const manifest = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'));
    return `${name} ${manifest.version}`;
  });
  return Promise.all(versions);
}

export interface RuntimeFiles {
  variant: string;
  /** for devices: imports are still open */
  wasm: string;
  /** for Node: no imports */
  nodeWasm: string;
  /** translated C, if the variant has one */
  c: string | null;
  rebuilt: boolean;
}

function filesOf(root: string, variant: Variant): Omit<RuntimeFiles, 'rebuilt'> {
  const runtime = join(root, 'dist', 'runtime');
  return {
    variant: variant.name,
    wasm: join(runtime, `htpw.${variant.name}.wasm`),
    nodeWasm: join(runtime, `htpw.${variant.name}.node.wasm`),
    c: variant.c ? join(runtime, `htpw_${variant.name}.c`) : null,
  };
}

/** Everything that decides the result: sources, flags, tools and this very pipeline. */
async function contentHash(root: string, versions: string[]): Promise<string> {
  const hash = createHash('sha256').update(versions.join());
  const build = ['compile', 'gate', 'opcodes', 'status', 'translate'].map((name) => `host/build/${name}.ts`);
  const pipeline = [...build, 'host/runtime/variants.ts'];
  const sources = (await readdir(join(root, 'assembly'), { recursive: true }))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `assembly/${name}`);
  for (const path of ['asconfig.json', ...pipeline, ...sources.sort()]) {
    hash.update(`\n${path}\n`).update(await readFile(join(root, path)));
  }
  return hash.digest('hex');
}

/** Lies beside the .wasm as .wasm.json. */
interface BuildRecord {
  inputs: string;
  tools: string[];
  /** SHA-256 by path under the project root */
  outputs: Record<string, string>;
}

/** The hash of what was built and is whole; null when something is missing, unreadable or changed. */
async function builtFrom(root: string, files: Omit<RuntimeFiles, 'rebuilt'>): Promise<string | null> {
  try {
    const record: BuildRecord = JSON.parse(await readFile(`${files.wasm}.json`, 'utf8'));
    for (const [path, expected] of Object.entries(record.outputs)) {
      if (sha256Hex(await readFile(join(root, path))) !== expected) return null;
    }
    return record.inputs;
  } catch {
    return null;
  }
}

/**
 * What asc is told of a variant; asconfig.json has what holds for all. A C compiler optimises by itself; what browsers load
 * is to be small.
 */
function flagsOf(variant: Variant): string[] {
  const { c, defines } = variant;
  return [
    ...(c ? ['--optimizeLevel', '1'] : ['--shrinkLevel', '1']),
    ...defines.flatMap((name) => ['--use', `${name}=1`]),
    ...featuresOf(variant),
  ];
}

/** Vectors that pass between functions are no business of JavaScript's here, of which asc would warn. */
function featuresOf({ features }: Variant): string[] {
  return features.flatMap((feature) => ['--enable', feature, '--disableWarning', '112']);
}

async function assemble(root: string, entry: string, flags: string[], out: string): Promise<void> {
  await runNode(toolPath(root, 'asc'), [entry, ...flags, '-o', out, '--noColors', '--debug'], root);
}

/** The same code without the names of functions, which only the C keeps. */
async function withoutNames(root: string, wasm: string, folder: string): Promise<string> {
  const stripped = join(folder, 'stripped.wasm');
  await runNode(toolPath(root, 'strip'), [wasm, '-o', stripped]);
  return stripped;
}

/**
 * The module and the polyfills of its imports become one, and the small imported functions are inlined. Throws when an
 * import is left.
 */
async function mergePolyfills(root: string, variant: Variant, wasm: string, folder: string): Promise<Uint8Array> {
  const flags = variant.features.map((feature) => `--enable-${feature}`);
  const [merged, optimized] = ['merged', 'optimized'].map((name) => join(folder, `${name}.wasm`));
  const modules = [wasm, 'env']; // where a polyfill looks for its memory
  for (const name of variant.intrinsics) {
    const polyfill = join(folder, `${name}.polyfill.wasm`);
    await assemble(root, polyfillOf(name), ['--noExportMemory', '--importMemory', ...featuresOf(variant)], polyfill);
    modules.push(polyfill, name);
  }
  await runNode(toolPath(root, 'merge'), [...modules, '-o', merged, ...flags]);
  await runNode(toolPath(root, 'optimize'), ['-O3', '--inlining-optimizing', merged, '-o', optimized, ...flags]);
  const bytes = new Uint8Array(await readFile(optimized));
  const [left] = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  if (left)
    throw new Error(`${variant.name} imports ${left.module}.${left.name}: expected it in ${polyfillOf(left.module)}`);
  return bytes;
}

const polyfillOf = (intrinsics: string) => `assembly/intrinsics/${intrinsics}.polyfill.ts`;

async function toC(root: string, variant: Variant, wasm: string, folder: string, versions: string[]): Promise<string> {
  const out = join(folder, 'htpw.c');
  await runNode(toolPath(root, 'wasm2c'), [wasm, '-n', 'htpw', '-o', out]);
  return translate(await readFile(out, 'utf8'), { variant: variant.name, tools: versions });
}

/**
 * Builds one variant where it is not up to date; an installed package has them all, and throws when one is damaged.
 * `root` is the project, for tests of another tree.
 */
export async function buildRuntime(name: VariantName, root = projectRoot()): Promise<RuntimeFiles> {
  const variant = findVariant(name);
  const files = filesOf(root, variant);
  const before = await builtFrom(root, files);
  if (isInstalled(root)) {
    if (before === null) throw new Error(`${files.wasm}: missing or changed, or a file beside it; install again`);
    return { ...files, rebuilt: false };
  }
  const versions = await toolVersions(root);
  const hash = await contentHash(root, versions);
  if (before === hash) return { ...files, rebuilt: false };

  await mkdir(join(root, 'build'), { recursive: true });
  await inTemporaryFolder(join(root, 'build', `runtime-${variant.name}-`), async (folder) => {
    const named = join(folder, `htpw.${variant.name}.wasm`);
    await assemble(root, 'assembly/index.ts', flagsOf(variant), named);
    const raw = await withoutNames(root, named, folder);
    const wasm = await readFile(raw);
    assertFit(`htpw.${variant.name}.wasm`, wasm, variant);
    const outputs = new Map<string, Uint8Array | string>([[files.wasm, wasm]]);
    outputs.set(files.nodeWasm, await mergePolyfills(root, variant, raw, folder));
    if (files.c) {
      outputs.set(files.c, await toC(root, variant, named, folder, versions));
      outputs.set(join(dirname(files.c), 'htpw_status.h'), statusHeader(root));
      outputs.set(join(dirname(files.c), 'htpw_status.c'), statusNames());
    }
    const record: BuildRecord = { inputs: hash, tools: versions, outputs: {} };
    for (const [path, content] of outputs) {
      writeWhole(path, content);
      record.outputs[relative(root, path)] = sha256Hex(Buffer.from(content));
    }
    writeWhole(`${files.wasm}.json`, JSON.stringify(record));
  });
  return { ...files, rebuilt: true };
}

export async function buildAllRuntimes(root = projectRoot()): Promise<RuntimeFiles[]> {
  return Promise.all(VARIANT_NAMES.map((name) => buildRuntime(name, root)));
}
