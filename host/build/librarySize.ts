/** Flash, RAM and stack that the C library takes on the cores it is measured on, for bench/clib.json. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceVariantName } from '../runtime/variants.ts';
import { inTemporaryFolder } from '../system/folder.ts';
import { run } from '../system/process.ts';
import { KERNEL_FLAGS } from './firmware.ts';
import { SMALL, type Tailoring, writeLibrary } from './library.ts';
import { parseCallGraph, reachable, worstStack } from './stack.ts';

/** Cores, and the variant that suits each. */
const CORES: [core: string, variant: DeviceVariantName][] = [
  ['cortex-m7', 'dsp'],
  ['cortex-m4', 'dsp'],
  ['cortex-m3', 'scalar'],
  ['cortex-m0', 'scalar'],
];

/** What a program calls that opens, loads and invokes. */
export const USED = ['htpw_open', 'htpw_load', 'htpw_invoke'];

/** Name of the library that is cut to no image. */
export const WHOLE = 'whole';

/**
 * What the library can be compiled with: nothing, less code for instructions, or the proof of images that a tailored
 * one leaves out.
 */
export type LibraryOption = '' | 'HTPW_SMALL' | 'HTPW_PROVE_AGAIN';

export interface LibrarySize {
  core: string;
  variant: string;
  option: LibraryOption;
  /** bytes of code of open, load, invoke and all that they call, without the compiler's own arithmetic */
  flash: number;
  /** bytes of code and constants in a program of nothing else, with what the linker adds of the compiler's libraries */
  linked: number;
  /** bytes of the whole API */
  flashOfAll: number;
  /** most bytes of stack of a call, by function of the API */
  stack: Record<string, number>;
  /** bytes of code of every function that `flash` counts, largest first, and its own stack */
  functions: { name: string; flash: number; stack: number }[];
}

const OPTIONS: LibraryOption[] = ['', 'HTPW_SMALL'];
const TAILORED_OPTIONS: LibraryOption[] = [...OPTIONS, 'HTPW_PROVE_AGAIN'];

interface Target {
  core: string;
  variant: string;
  option: LibraryOption;
}

async function measure(folder: string, { core, variant, option }: Target): Promise<LibrarySize> {
  const object = join(folder, `${core}-${variant}${option}.o`);
  const flags = [`-mcpu=${core}`, '-mthumb', '-ffreestanding', '-O2', '-ffunction-sections', ...KERNEL_FLAGS];
  if (option === 'HTPW_SMALL') flags.push(...SMALL);
  if (option === 'HTPW_PROVE_AGAIN') flags.push('-DHTPW_PROVE_AGAIN');
  const source = join(folder, 'src', `htpw_${variant}.c`);
  const include = join(folder, 'include');
  const compiler = { packages: ['gcc-arm-none-eabi'] };
  const args = [...flags, `-I${include}`, '-fcallgraph-info=su', '-c', source, '-o', object];
  await run('arm-none-eabi-gcc', args, compiler);
  const linked = object.replace(/\.o$/, '.elf');
  const roots = ['-e', USED[0], ...USED.flatMap((name) => ['-u', name])].map((argument) => `-Wl,${argument}`);
  const link = [...flags, '-nostartfiles', '-Wl,--gc-sections', ...roots, object, '-o', linked];
  await run('arm-none-eabi-gcc', link, compiler);
  const graph = parseCallGraph(await readFile(object.replace(/\.o$/, '.ci'), 'utf8'));
  const sections = await run('arm-none-eabi-size', ['-A', object]);
  const code = new Map<string, number>();
  // constants of a function lie in a section of their own, named after it
  for (const [, name, bytes] of sections.matchAll(/^\.(?:text(?:\.unlikely)?|rodata)\.(\S+)\s+(\d+)/gm))
    code.set(name, (code.get(name) ?? 0) + Number(bytes));
  const sum = (names: Iterable<string>) => [...names].reduce((total, name) => total + (code.get(name) ?? 0), 0);
  const used = new Set(USED.flatMap((name) => reachable(graph, name)));
  const api = [...code.keys()].filter((name) => name.startsWith('htpw_')).sort();
  const parts = await run('arm-none-eabi-size', ['-A', linked]);
  return {
    core,
    variant,
    option,
    flash: sum(used),
    linked: [...parts.matchAll(/^\.(?:text|rodata)\s+(\d+)/gm)].reduce((total, [, bytes]) => total + Number(bytes), 0),
    flashOfAll: sum(code.keys()),
    stack: Object.fromEntries(api.map((name) => [name, worstStack(graph, name)])),
    functions: [...used]
      .filter((name) => code.has(name))
      .map((name) => ({ name, flash: code.get(name)!, stack: graph.frames.get(name) ?? 0 }))
      .sort((a, b) => b.flash - a.flash || (a.name < b.name ? -1 : 1)),
  };
}

/** The library on every core, with every option that it has. Needs the Arm compiler. */
export async function measureLibrary(tailored: Tailoring | null): Promise<LibrarySize[]> {
  return inTemporaryFolder(join(tmpdir(), 'clib-'), async (folder) => {
    await writeLibrary(folder, tailored);
    const sizes: LibrarySize[] = [];
    for (const [core, variant] of CORES)
      for (const option of tailored ? TAILORED_OPTIONS : OPTIONS)
        sizes.push(await measure(folder, { core, variant, option }));
    return sizes;
  });
}

/** bench/clib.json */
export interface LibraryRecord {
  commit: string;
  /** by what the library is cut to: "whole", or the name of an image */
  libraries: Record<string, { ram: LibraryRam | null; sizes: Omit<LibrarySize, 'functions'>[] }>;
}

/** Buffers that a program brings for an image, in bytes. */
export interface LibraryRam {
  arena: number;
  input: number;
  output: number;
}

export const ramOf = (tailored: Tailoring | null): LibraryRam | null =>
  tailored && {
    arena: tailored.needs.arenaBytes,
    input: tailored.needs.inputBytes,
    output: tailored.needs.outputBytes,
  };
