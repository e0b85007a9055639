/**
 * Image + board -> build/<board>/<image>-<hash>/firmware.{elf,bin,hex,map} and, where the board wants it, uf2, with its
 * sizes held against the board's budget.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { type Board, loadBoard } from '../boards/board.ts';
import { withBootCrc } from '../boards/boot.ts';
import { type DeviceVariantName, PORTABLE } from '../runtime/variants.ts';
import { named } from '../system/errors.ts';
import { readInput, safeName, titleOf } from '../system/files.ts';
import { inTemporaryFolder } from '../system/folder.ts';
import { makeOnce } from '../system/once.ts';
import { run, ToolError } from '../system/process.ts';
import { buildFolder, projectRoot } from '../system/root.ts';
import { shownPath } from '../system/shownPath.ts';
import { buildRuntime } from './compile.ts';
import { linkerScript } from './link.ts';
import { type Requirements, requirementsOf } from './requirements.ts';
import { objectTextBytes, parseSections, sizes } from './size.ts';
import { toUf2 } from './uf2.ts';

export interface Firmware {
  board: string;
  /** path of the linked program; .bin, .hex, .map and, for some boards, .uf2 lie beside it */
  elf: string;
  /** bytes of each section, by where it lies */
  sections: { flash: Record<string, number>; ram: Record<string, number> };
  flashBytes: number;
  ramBytes: number;
  textBytes: number;
  /** of it the runtime */
  runtimeTextBytes: number;
}

const WARNINGS = ['-std=gnu11', '-Wall', '-Wextra'];
// -O2, not -O3: with dimensions that the compiler can see, -O3 makes the kernels slower
// Kernels say which addresses advance, when a product is added and what a loop keeps in registers, so the compiler has
// no induction variables of its own, reorders no sums, and hoists nothing: an address that it hoists is spilled. What
// is inlined, host/build/translate.ts says.
export const KERNEL_FLAGS = [
  '--param=max-inline-insns-auto=12',
  '-fno-inline-functions-called-once',
  '-fno-ivopts',
  '-fno-tree-reassoc',
  '-fno-tree-pre',
  '-fno-tree-loop-im',
  '-DHTPW_KERNEL_FLAGS', // or htpw.c gives them to itself, as far as a pragma can
];
const SECTIONS = ['-ffunction-sections', '-fdata-sections'];
/** `plain`: as a build system of somebody's own compiles a C file. */
const optimization = (plain: boolean): string[] => ['-O2', ...(plain ? [] : KERNEL_FLAGS), ...SECTIONS];
const FREESTANDING = ['-ffreestanding', '-fno-common'];

/** The same on every board; a board adds its own from board.json. */
const COMMON_SOURCES = ['line.c', 'reply.c', 'image.S'];
const AGENT = 'boards/common/agent.c';
/** The program that has nothing but the network. */
export const BARE = join('boards', 'common', 'bare.c');
/** The program that runs every program of the image once. */
export const PROGRAMS = join('boards', 'common', 'programs.c');

interface Build {
  board: Board;
  root: string;
  /** of this build alone, until its files are whole */
  folder: string;
  image: Uint8Array;
  needs: Requirements;
  main: string;
  /** with -O2 in place of the flags that the kernels are tuned for */
  plain: boolean;
}

/** The image in the build's folder: the assembler never sees what its own file is called. */
const IMAGE_FILE = 'image.bin';

function defines({ board, needs }: Build): string[] {
  const text = (name: string, value: string) => `-D${name}="${value}"`;
  return [
    text('BOARD_NAME', board.name),
    text('BOARD_CORE', board.core),
    text('BOARD_VARIANT', board.variant),
    text('HTPW_RUNTIME', `htpw_${board.variant}.c`),
    text('HTPW_IMAGE_FILE', IMAGE_FILE),
    `-DHTPW_FEATURES=0x${needs.features.toString(16)}ull`,
    `-DHTPW_ARENA_BYTES=${needs.arenaBytes}`,
    `-DHTPW_INPUT_BYTES=${needs.inputBytes}`,
    `-DHTPW_OUTPUT_BYTES=${needs.outputBytes}`,
    ...(board.interrupts === undefined ? [] : [`-DBOARD_INTERRUPTS=${board.interrupts}`]),
    ...(board.clockHz === undefined ? [] : [`-DBOARD_CLOCK_HZ=${board.clockHz}`]),
  ];
}

/** `../common/` is the project's, wherever the board's folder lies. */
function sourcePath({ folder }: Board, name: string, root: string): string {
  return name.startsWith('../common/') ? join(root, 'boards', 'common', name.slice(10)) : resolve(folder, name);
}

function sourcesOf({ board, root, main }: Build): string[] {
  const common = join(root, 'boards', 'common');
  const files = [join(common, 'htpw.c'), join(root, main), ...COMMON_SOURCES.map((name) => join(common, name))];
  if (board.memory) files.push(join(common, 'libc.c'));
  files.push(join(root, 'dist', 'runtime', 'htpw_status.c'));
  return [...files, ...board.sources.map((name) => sourcePath(board, name, root))];
}

/** Runs a program of the board's toolchain, in a folder if one is given. */
function tool(
  { toolchain, packages }: Board,
  name: 'gcc' | 'objcopy' | 'size',
  args: string[],
  cwd?: string,
): Promise<string> {
  return run(`${toolchain}${name}`, args, { packages: packages?.compiler, cwd });
}

/** What each compiler says of itself, asked once. */
const versions = new Map<string, Promise<string>>();

function versionOf(board: Board): Promise<string> {
  const { toolchain } = board;
  if (!versions.has(toolchain)) versions.set(toolchain, tool(board, 'gcc', ['--version']));
  return versions.get(toolchain)!;
}

/**
 * One object. C is compiled once for all images, boards and processes: the object is called by what the preprocessor
 * makes of the source, the flags and the compiler, and most of it is the same for every image, much for every core.
 */
async function compileSource({ board, root, folder }: Build, source: string, flags: string[]): Promise<string> {
  const name = basename(source, extname(source));
  const own = join(folder, `${name}.o`);
  if (extname(source) === '.S') {
    // the preprocessor does not see what .incbin includes, the assembler finds it in its own folder
    await tool(board, 'gcc', [...flags, '-c', source, '-o', own], folder);
    return own;
  }
  const text = await tool(board, 'gcc', [...flags, '-E', '-P', source]);
  const codeFlags = flags.filter((flag) => !/^-[DI]/.test(flag)); // -D and -I have done their work
  const key = createHash('sha256')
    .update(`${board.toolchain}gcc ${await versionOf(board)} ${codeFlags.join(' ')}\n${text}`)
    .digest('hex')
    .slice(0, 16);
  const object = join(buildFolder(root), 'objects', `${name}-${key}.o`);
  await makeOnce(object, (path) => tool(board, 'gcc', [...flags, '-c', source, '-o', path]));
  return object;
}

async function compileSources(build: Build): Promise<string[]> {
  const { board, root, folder, image } = build;
  await writeFile(join(folder, IMAGE_FILE), image);
  const flags = [
    ...board.cpuFlags,
    ...optimization(build.plain),
    ...WARNINGS,
    ...(board.memory ? FREESTANDING : []),
    `-I${join(root, 'boards', 'common')}`,
    `-I${join(root, 'dist', 'runtime')}`,
    `-ffile-prefix-map=${root}=.`, // the same bytes wherever the project lies
    ...defines(build),
  ];
  const objects = await Promise.all(sourcesOf(build).map((source) => compileSource(build, source, flags)));
  await rm(join(folder, IMAGE_FILE));
  return objects;
}

/** The linker's "region overflowed" as an error that says what to do. */
function overflow({ board, needs }: Build, error: unknown): unknown {
  if (!(error instanceof ToolError)) return error;
  const found = /region `(flash|ram)' overflowed by (\d+) bytes/.exec(error.said);
  if (!found || !board.memory || !board.budget) return error;
  const region = found[1] as 'flash' | 'ram';
  const limit = board.memory[region].bytes;
  const parts = `arena ${needs.arenaBytes}, input ${needs.inputBytes}, output ${needs.outputBytes}, stack ${board.budget.stackBytes}`;
  const advice = region === 'ram' ? `${parts}; plan the model for less RAM` : 'compress the model further';
  return new Error(
    `${board.name}: ${region}: expected at most ${limit} bytes, got ${limit + Number(found[2])}; ${advice}`,
  );
}

async function linkObjects(build: Build, objects: string[]): Promise<string> {
  const { board, folder } = build;
  const elf = join(folder, 'firmware.elf');
  const flags = [...board.cpuFlags, '-Wl,--gc-sections', '-Wl,-Map=firmware.map'];
  const libraries: string[] = [];
  if (board.memory) {
    const script = join(folder, 'link.ld');
    await writeFile(script, linkerScript(board));
    flags.push('-nostdlib', '-T', script);
    libraries.push('-lgcc');
  }
  try {
    await tool(board, 'gcc', [...flags, ...objects, ...libraries, '-o', elf], folder);
  } catch (error) {
    throw overflow(build, error);
  }
  return elf;
}

function assertWithinBudget(board: Board, firmware: Firmware): void {
  const { budget } = board;
  if (!budget) return;
  for (const kind of ['flashBytes', 'ramBytes'] as const) {
    if (firmware[kind] <= budget[kind]) continue;
    const advice = kind === 'ramBytes' ? 'plan the model for less RAM' : 'compress the model further';
    throw new Error(
      `${board.name}: ${kind}: expected at most ${budget[kind]}, got ${firmware[kind]}; ${advice}, or raise budget.${kind}`,
    );
  }
}

/** Puts the checksum into the .boot section of the linked program, where the board's boot ROM looks for one. */
async function signBoot({ board, folder }: Build, elf: string): Promise<void> {
  if (!board.boot) return;
  const section = join(folder, 'boot.bin');
  await tool(board, 'objcopy', ['-O', 'binary', '--only-section', '.boot', elf, section]);
  await writeFile(section, withBootCrc(await readFile(section), board.name));
  await tool(board, 'objcopy', ['--update-section', `.boot=${section}`, elf]);
  await rm(section);
}

/** The linked program in the other forms that people flash. */
async function convert({ board, folder }: Build, elf: string): Promise<void> {
  if (!board.memory) return;
  const bin = join(folder, 'firmware.bin');
  await tool(board, 'objcopy', ['-O', 'binary', elf, bin]);
  await tool(board, 'objcopy', ['-O', 'ihex', elf, join(folder, 'firmware.hex')]);
  if (!board.uf2) return;
  const blocks = toUf2(await readFile(bin), board.memory.flash.origin, board.uf2.familyId);
  await writeFile(join(folder, 'firmware.uf2'), blocks);
}

/** Compiles, links and measures in the build's own folder. */
async function makeFirmware(build: Build): Promise<Omit<Firmware, 'elf'>> {
  const { board, folder } = build;
  const objects = await compileSources(build);
  const elf = await linkObjects(build, objects);
  await signBoot(build, elf);
  const sections = parseSections(await tool(board, 'size', ['-A', elf]));
  const map = await readFile(join(folder, 'firmware.map'), 'utf8');
  await convert(build, elf);
  const runtime = objects.find((path) => basename(path).startsWith('htpw-'))!;
  return { board: board.name, ...sizes(sections), runtimeTextBytes: objectTextBytes(map, runtime) };
}

/**
 * Moves the files of a finished build to where users look for them; the map names them there, too. Of an earlier build
 * goes what this one has no more of.
 */
async function publish(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const map = join(from, 'firmware.map');
  await writeFile(map, (await readFile(map, 'utf8')).replaceAll(from, to));
  const names = await readdir(from);
  for (const name of names) await rename(join(from, name), join(to, name));
  for (const name of await readdir(to))
    if (/^firmware\.\w+$/.test(name) && !names.includes(name)) await rm(join(to, name), { force: true });
}

export interface BuildOptions {
  root?: string;
  /** mask of what the runtime keeps (assembly/features.ts); default: what the image uses */
  features?: bigint;
  /** begins the name of the folder under build/<board>/; default: that of the image */
  name?: string;
  /** C file of the program that runs instead of the agent, relative to the project */
  main?: string;
  /** of the runtime, instead of the board's own */
  variant?: DeviceVariantName;
  /** compiled with -O2 alone, without the flags that the kernels are tuned for */
  plain?: boolean;
}

/** Keeps every operator, encoding and source: the runtime that runs any image. */
export const ALL_FEATURES = 2n ** 64n - 1n;

/**
 * Of the folder of a build: the image's name, for people, and a hash of all that may differ between two builds for one
 * board. Images of one name in two folders, or one image with two programs, do not overwrite each other's firmware.
 */
function buildName(name: string, { board, image, needs, main, plain }: Omit<Build, 'folder'>): string {
  const options = [main, board.variant, needs.features.toString(16), ...(plain ? ['plain'] : [])].join('\n');
  const hash = createHash('sha256').update(`${options}\n`).update(image).digest('hex').slice(0, 8);
  return `${safeName(name.replace(/-[0-9a-f]{8}$/, ''))}-${hash}`; // of a copy under build/ without its own
}

/** Runs `use` on a build of a program with an image, in a folder that is gone afterwards. */
async function inBuild<T>(
  board: Board,
  imagePath: string,
  { root = projectRoot(), features, name = titleOf(imagePath), main = AGENT, plain = false }: BuildOptions,
  use: (build: Build, target: string) => Promise<T>,
): Promise<T> {
  const image = readInput(imagePath);
  // the portable one measures the image
  for (const variant of new Set<DeviceVariantName>([board.variant, PORTABLE])) await buildRuntime(variant, root);
  const needs = named(shownPath(imagePath), () => requirementsOf(image));
  needs.features = features ?? needs.features;
  const build = { board, root, image, needs, main, plain };
  const target = join(buildFolder(root), board.name, buildName(name, build));
  mkdirSync(dirname(target), { recursive: true });
  return inTemporaryFolder(`${target}-`, (folder) => use({ ...build, folder }, target));
}

/**
 * Compiles and links the agent, or another program, with an image; the runtime is built first where it is out of date.
 * Builds may run at the same time, also of the same board and image: each works in a folder of its own.
 */
export function buildFirmware(of: Board | string, imagePath: string, options: BuildOptions = {}): Promise<Firmware> {
  const declared = typeof of === 'string' ? loadBoard(of, options.root) : of;
  const board = { ...declared, variant: options.variant ?? declared.variant };
  return inBuild(board, imagePath, options, async (build, target) => {
    const firmware = {
      ...(await makeFirmware(build)),
      elf: relative(process.cwd(), join(target, 'firmware.elf')),
    };
    assertWithinBudget(board, firmware);
    await publish(build.folder, target);
    return firmware;
  });
}

/**
 * What linking is given in place of a board's memory, in bytes, so that it measures what does not fit: 128 MiB each.
 */
const ROOM = 2 ** 27;

/** The sizes of a board's firmware with an image, whether the board has room for it or not; nothing is kept. */
export function measureFirmware(
  of: Board | string,
  imagePath: string,
  options: BuildOptions = {},
): Promise<Omit<Firmware, 'elf'> & { arenaBytes: number }> {
  const board = typeof of === 'string' ? loadBoard(of, options.root) : of;
  const { memory } = board;
  if (!memory) throw new Error(`${board.name}: has no memory map, so its firmware has no size; name another board`);
  const roomy = { flash: { ...memory.flash, bytes: ROOM }, ram: { ...memory.ram, bytes: ROOM } };
  return inBuild({ ...board, memory: roomy }, imagePath, options, async (build) => ({
    ...(await makeFirmware(build)),
    arenaBytes: build.needs.arenaBytes,
  }));
}
