/**
 * The C library for programs that are built without Node: the translated runtimes, their API and their build files,
 * each variant in one translation unit. A tailored one keeps what one image needs, or several, and has them as arrays.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withResidency } from '../image/seal.ts';
import { crc32 } from '../records/crc32.ts';
import { DEVICE_VARIANT_NAMES, type DeviceVariantName } from '../runtime/variants.ts';
import { type OutputFolder, planFolder } from '../system/folder.ts';
import { projectRoot } from '../system/root.ts';
import { buildRuntime } from './compile.ts';
import { ALL_FEATURES, KERNEL_FLAGS } from './firmware.ts';
import { assertNameable, listed, modelHeader, modelSource, type TailoredModel } from './modelHeader.ts';
import { type Requirements, requirementsOf, requirementsOfAll } from './requirements.ts';

/** What a library is cut to: one image, or several. */
export interface Tailoring {
  models: TailoredModel[];
  /** of all together */
  needs: Requirements;
}

/** Throws when the runtime refuses the image: what the library takes for proved is proved here. */
export function tailoring(name: string, image: Uint8Array): Tailoring {
  const needs = requirementsOf(image);
  return { models: [{ name, image, needs }], needs };
}

/** One library for the images of several. Throws where two are the same, or would have one name in C. */
export function together(tailorings: readonly Tailoring[]): Tailoring {
  const models = tailorings.flatMap((tailored) => tailored.models);
  assertNameable(models);
  return { models, needs: requirementsOfAll(models.map(({ needs }) => needs)) };
}

const hex = (value: number | bigint, digits = 0) => `0x${value.toString(16).padStart(digits, '0')}`;

/** A header without its guard: it is included once, in the file that it becomes part of. */
function unguarded(header: string): string {
  const guard = /^#ifndef (\w+)\n#define \1\n/m.exec(header);
  if (!guard) throw new Error('expected a header with an include guard, found none');
  const body = header.slice(0, guard.index) + header.slice(guard.index + guard[0].length);
  return body.replace(/\n#endif\n*$/, '\n').trim();
}

/** The text with one of its lines replaced by what that line includes. */
function inlined(text: string, line: string, content: string): string {
  const parts = text.split(`${line}\n`);
  if (parts.length !== 2) throw new Error(`expected "${line}" once, found it ${parts.length - 1} times`);
  return parts.join(`${content}\n`);
}

async function apiHeader(root: string): Promise<string> {
  const api = await readFile(join(root, 'boards', 'common', 'htpw.h'), 'utf8');
  const status = await readFile(join(root, 'dist', 'runtime', 'htpw_status.h'), 'utf8');
  return inlined(api, '#include "htpw_status.h"', unguarded(status));
}

/** The API, the prelude, the intrinsics and the translated functions, in one file. */
async function sourceOf(variant: DeviceVariantName, root: string): Promise<string> {
  const common = (name: string) => readFile(join(root, 'boards', 'common', name), 'utf8');
  const runtime = (name: string) => readFile(join(root, 'dist', 'runtime', name), 'utf8');
  let text = await common('htpw.c');
  text = inlined(text, '#include "w2c_prelude.h"', unguarded(await common('w2c_prelude.h')));
  text = inlined(text, '#include "intrinsics.h"', unguarded(await common('intrinsics.h')));
  text = inlined(text, '#include HTPW_RUNTIME', await runtime(`htpw_${variant}.c`));
  const vectors = '#include "helium.h"';
  if (text.includes(vectors)) text = inlined(text, vectors, unguarded(await common('helium.h')));
  text = inlined(text, '#include "htpw.h"', '#include "htpw.h"\n#include "htpw_config.h"');
  return text + inlined(await runtime('htpw_status.c'), '#include "htpw.h"', '');
}

/** Length and CRC-32 of an image, as htpw_open compares them. */
const proofOf = ({ image }: TailoredModel): string => `{${image.length}u, ${hex(crc32(image) >>> 0, 8)}u}`;

function configHeader(tailored: Tailoring | null): string {
  const lines = [
    tailored
      ? `/* What the runtime needs for ${listed(tailored.models)}. Generated: do not edit. */`
      : '/* The runtime with every operator, source and encoding. Generated: do not edit. */',
    '#ifndef HTPW_CONFIG_H',
    '#define HTPW_CONFIG_H',
    '',
    '/* One bit per operator, source and encoding that is kept. */',
    '#ifndef HTPW_FEATURES',
    `#define HTPW_FEATURES ${hex(tailored?.needs.features ?? ALL_FEATURES)}ull`,
    '#endif',
  ];
  if (tailored)
    lines.push(
      '',
      '/*',
      ' * Each image was proved when these files were made, so htpw_open only makes sure that it gets one of them:',
      ' * length and CRC-32. Define HTPW_PROVE_AGAIN where an image may come from elsewhere: then it is proved on the',
      ' * device.',
      ' */',
      '#ifndef HTPW_PROVE_AGAIN',
      `#define HTPW_PROVED_IMAGES ${tailored.models.map(proofOf).join(', ')}`,
      '#endif',
    );
  return [...lines, '', '#endif', ''].join('\n');
}

/** Flags that make GCC's code smaller and its kernels slower: HTPW_SMALL of the build files. */
export const SMALL = ['-fno-tree-ch', '-fira-loop-pressure'];

const TEMPLATES = ['CMakeLists.txt', 'htpw.mk', 'README.md'];

/** A build file of boards/library with its blanks filled in. */
async function fromTemplate(name: string, root: string): Promise<string> {
  const text = await readFile(join(root, 'boards', 'library', name), 'utf8');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const blanks: Record<string, string> = {
    VERSION: version,
    GCC_FLAGS: KERNEL_FLAGS.join(' '),
    SMALL_FLAGS: SMALL.join(' '),
    SMALL_FLAGS_LIST: SMALL.join(';'),
    GCC_FLAGS_LINES: KERNEL_FLAGS.map((flag) => `    ${flag}`).join('\n'),
  };
  return text.replaceAll(/@([A-Z_]+)@/g, (blank, key: string) => blanks[key] ?? blank);
}

/** What people who build in the source tree leave there. */
const BUILT = /^(build|twister-out)/;

/** Every file under a folder by its path from the root, but those that a build left. */
async function filesUnder(folder: string, root: string): Promise<[path: string, content: Uint8Array][]> {
  const entries = (await readdir(join(root, folder), { withFileTypes: true })).filter(({ name }) => !BUILT.test(name));
  const found = entries.map(async (entry): Promise<[string, Uint8Array][]> => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(path, root) : [[path, await readFile(join(root, path))]];
  });
  return (await Promise.all(found)).flat();
}

/** What makes the library a Zephyr module, and the images of its samples: one for each choice of HTPW_RESIDENCY. */
async function zephyrFiles(root: string): Promise<[path: string, content: Uint8Array][]> {
  const image = new Uint8Array(await readFile(join(root, 'models', 'ecg-beats.htpw')));
  const resident = (['boot', 'lazy', 'stream'] as const).map((residency): [string, Uint8Array] => [
    `models/ecg-beats-${residency}.htpw`,
    withResidency(image, residency),
  ]);
  return [...(await filesUnder('zephyr', root)), ['models/ecg-beats.htpw', image], ...resident];
}

/** Every file of the library by its path within it. One for any image is a Zephyr module, too. */
export async function libraryFiles(
  tailored: Tailoring | null,
  root = projectRoot(),
): Promise<Map<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>(tailored ? [] : await zephyrFiles(root));
  for (const name of DEVICE_VARIANT_NAMES) {
    await buildRuntime(name, root);
    files.set(`src/htpw_${name}.c`, await sourceOf(name, root));
  }
  files.set('src/htpw_config.h', configHeader(tailored));
  files.set('include/htpw.h', await apiHeader(root));
  if (tailored) {
    files.set('include/htpw_model.h', modelHeader(tailored.models));
    files.set('src/htpw_model.c', modelSource(tailored.models));
  }
  for (const name of TEMPLATES) files.set(name, await fromTemplate(name, root));
  return files.set('LICENSE', await readFile(join(root, 'LICENSE'), 'utf8'));
}

/** The folder of a library; the project's own dist/c, which is published, keeps nothing of an earlier version. */
export const planLibrary = (folder: string): OutputFolder =>
  planFolder(folder, { owned: resolve(folder) === join(projectRoot(), 'dist', 'c') });

/** Writes the library to a folder, by its path or planned; returns the paths within it. */
export async function writeLibrary(
  folder: string | OutputFolder,
  tailored: Tailoring | null,
  root?: string,
): Promise<string[]> {
  const output = typeof folder === 'string' ? planLibrary(folder) : folder;
  const files = await libraryFiles(tailored, root);
  output.write(files);
  return [...files.keys()].sort();
}
