/** boards/<name>/board.json: what a board is, read and checked. docs/porting.md explains each field. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DEVICE_VARIANT_NAMES, type DeviceVariantName } from '../runtime/variants.ts';
import { UsageError } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import { projectRoot } from '../system/root.ts';
import { shownPath } from '../system/shownPath.ts';
import { BOOT_ROMS, type BootRom } from './boot.ts';

/** A memory of the device. */
export interface Region {
  origin: number;
  bytes: number;
}

/** QEMU of some architecture; in the arguments {elf} is the firmware. */
export interface Emulator {
  kind: 'qemu';
  program: string;
  machine: string;
  arguments: string[];
}

/** How the firmware is made to run. */
export type Runner = Emulator | { kind: 'native' } | { kind: 'serial'; baud: number; flash: string };

/** What the counter counts: count = ticks * multiply / divide, in `unit`. */
export interface Ticks {
  source: string;
  unit: 'instructions' | 'cycles' | 'nanoseconds';
  multiply: number;
  divide: number;
  /** one load or inference may take up to 2^bits ticks; an emulated counter says when it took more */
  bits: number;
}

/** A board.json, checked, and the folder that it lies in. */
export interface Board {
  name: string;
  description: string;
  core: string;
  variant: DeviceVariantName;
  /** prefix of gcc, objcopy and size; empty for this computer's own */
  toolchain: string;
  /** Debian packages that bring the compiler, and the emulator if there is one */
  packages?: { compiler: string[]; emulator: string[] };
  cpuFlags: string[];
  /** C files, relative to the board's folder; `../common/` is the project's, wherever that folder lies */
  sources: string[];
  /** what start-up code and drivers of a core may want to know */
  interrupts?: number;
  clockHz?: number;
  /** Only boards without an operating system have the next two. */
  memory?: { flash: Region; ram: Region };
  budget?: { flashBytes: number; ramBytes: number; stackBytes: number };
  /** the boot ROM that runs the board's .boot section first, and what it wants of it (boot.ts) */
  boot?: BootRom;
  /** when the firmware is wanted as UF2, too: the family that its blocks name */
  uf2?: { familyId: number };
  /** how weights that need materialising are held, when the board's RAM wants other than the image asks for */
  residency?: 'boot' | 'lazy' | 'stream';
  ticks: Ticks;
  runner: Runner;
  /** emulated board with the same code, where instructions are counted for a board on which they cannot be */
  emulated?: string;
  /** what turns instructions into time: an assumption, and what it rests on */
  timing?: { instructionsPerCycle: number; source: string };
  /** supply while the core computes, and where the figures are from */
  power?: { volts: number; milliamps: number; source: string };
  /** what a flash outside of the controller would be read at: models that lie there are copied to RAM before they run */
  externalFlash?: { bytesPerSecond: number; source: string };
  /** when and on what hardware it was verified */
  verified?: string;
  /** absolute path of its folder */
  folder: string;
}

const boardsFolder = (root: string) => join(root, 'boards');

/** Names of the boards in boards/, sorted. */
export function boardNames(root = projectRoot()): string[] {
  return readdirSync(boardsFolder(root))
    .filter((name) => existsSync(join(boardsFolder(root), name, 'board.json')))
    .sort();
}

/** All boards in boards/, by name. Throws UsageError for a board.json that is wrong. */
export function listBoards(root = projectRoot()): Board[] {
  return boardNames(root).map((name) => loadBoard(name, root));
}

/** Boards that run here, without hardware, and stand for no other: what everything runs on that is not told where. */
export function runnableBoards(root = projectRoot()): Board[] {
  return listBoards(root).filter(({ runner, emulated }) => runner.kind !== 'serial' && emulated === undefined);
}

/** A path begins with a dot or has a slash in it; a name does not. */
const isPath = (board: string) => /^\.|[/\\]/.test(board);

/**
 * A board of the project by its name, or the one that a folder anywhere describes, by the folder's path: "./my-board".
 */
export function loadBoard(board: string, root = projectRoot()): Board {
  const known = boardNames(root);
  if (!known.includes(board) && statSync(board, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(
      `${shownPath(board)}: is a file; expected a board by its name or its folder (an image goes behind --model)`,
    );
  if (isPath(board)) {
    const folder = resolve(board);
    if (!isWord.test(basename(folder)))
      throw new UsageError(
        `${shownPath(board)}: expected a folder whose name has letters, digits and _ . + - only, as the agent prints it; ` +
          'rename the folder',
      );
    if (known.includes(basename(folder)) && dirname(folder) !== boardsFolder(root))
      throw new UsageError(
        `${board}: is called as a board of the project, with which it would share build/; rename the folder`,
      );
    return readBoard(folder, join(board, 'board.json'));
  }
  if (!known.includes(board)) {
    throw new UsageError(
      `board "${board}": unknown; one of ${known.join(', ')}, a folder such as ./${board}, or add boards/${board}/board.json`,
    );
  }
  return readBoard(join(boardsFolder(root), board), `boards/${board}/board.json`);
}

function readBoard(folder: string, where: string): Board {
  const file = join(folder, 'board.json');
  if (!existsSync(file))
    throw new UsageError(
      `${where}: expected a file that describes the board, got none; docs/porting.md has its fields`,
    );
  const parsed = json.parseJson(where, readInput(file));
  return { ...json.checkJson(parsed, where, boardSchema(parsed, basename(folder))), folder };
}

/** Instructions, cycles or nanoseconds of a board's ticks, as its board.json says. */
export function counted({ ticks }: Pick<Board, 'ticks'>, count: number): number {
  return Math.round((count * ticks.multiply) / ticks.divide);
}

/** What one load or inference may take at most, in the unit of its ticks. */
export const countedUpTo = ({ ticks: { bits, multiply, divide } }: Pick<Board, 'ticks'>): number =>
  Math.floor((2 ** bits * multiply) / divide);

/**
 * The seconds after which a real board's counter may have gone round, so that ticks of what took longer say nothing; an
 * emulated one notices by itself.
 */
export function counterSeconds({ runner, clockHz, ticks: { bits } }: Board): number | undefined {
  return runner.kind === 'serial' && clockHz !== undefined ? 2 ** bits / clockHz : undefined;
}

/** Where the instructions of a board's code are counted: on itself, or on the emulated board that it names. */
export function emulationOf(board: Board, root = projectRoot()): Board {
  const where = `boards/${board.name}/board.json`;
  const emulated = board.emulated === undefined ? board : loadBoard(board.emulated, root);
  if (emulated.ticks.unit !== 'instructions')
    throw new UsageError(
      `${where}: emulated: expected a board that counts instructions, got ${emulated.name} which counts ${emulated.ticks.unit}`,
    );
  for (const key of ['core', 'variant'] as const) {
    if (sameCode(emulated[key]) !== sameCode(board[key]))
      throw new UsageError(
        `${where}: emulated: expected ${key} ${board[key]}, got ${emulated[key]} of ${emulated.name}`,
      );
  }
  return emulated;
}

/**
 * Cortex-M0+ and Cortex-M0 have one instruction set, ARMv6-M, and get the same code; so do Cortex-M85 and Cortex-M55, with
 * ARMv8.1-M and Helium. They differ in cycles.
 */
const sameCode = (core: string) => core.replace(/^Cortex-M0\+$/, 'Cortex-M0').replace(/^Cortex-M85$/, 'Cortex-M55');

const above0 = json.wholeNumber(1, Number.MAX_SAFE_INTEGER);
/** Goes into names of folders, compiler flags and the agent's answers, in which a space ends a word. */
const isWord = /^[\w.+-]+$/;
/** "0x08000000", because JSON has no hex numbers */
const hexWord = (expected: string) => json.numberText(/^0x[0-9a-f]{8}$/i, expected);

const REGION = json.fields({ origin: hexWord('an address such as "0x20000000"'), bytes: above0 });

const RUNNERS = {
  qemu: json.fields({
    kind: json.text,
    program: json.text,
    machine: json.text,
    arguments: json.textsWith('{elf}'),
  }),
  native: json.fields({ kind: json.text }),
  serial: json.fields({ kind: json.text, baud: above0, flash: json.text }),
};

/** What every board says, or may say. */
const FIELDS = {
  description: json.text,
  core: json.textLike(isWord, 'a name without spaces, such as "Cortex-M4"'),
  variant: json.oneOf(DEVICE_VARIANT_NAMES),
  toolchain: json.text,
  packages: json.optional(json.fields({ compiler: json.texts, emulator: json.optional(json.texts, []) })),
  cpuFlags: json.texts,
  sources: json.texts,
  interrupts: json.optional(above0),
  clockHz: json.optional(above0),
  residency: json.optional(json.oneOf(['boot', 'lazy', 'stream'])),
  ticks: json.fields({
    source: json.text,
    unit: json.oneOf(['instructions', 'cycles', 'nanoseconds']),
    multiply: above0,
    divide: above0,
    bits: json.optional(json.wholeNumber(1, 64), 32),
  }),
  runner: json.byKind(RUNNERS) as json.Schema<Runner>,
  emulated: json.optional(json.text),
  timing: json.optional(json.fields({ instructionsPerCycle: json.quantity, source: json.text })),
  power: json.optional(json.fields({ volts: json.quantity, milliamps: json.quantity, source: json.text })),
  externalFlash: json.optional(json.fields({ bytesPerSecond: json.quantity, source: json.text })),
  verified: json.optional(json.text),
};

/** Of boards without an operating system. */
const BARE_METAL = {
  memory: json.fields({ flash: REGION, ram: REGION }),
  budget: json.fields({ flashBytes: above0, ramBytes: above0, stackBytes: above0 }),
  boot: json.optional(json.oneOf(BOOT_ROMS)),
  uf2: json.optional(json.fields({ familyId: hexWord('eight digits, "0xe48bff56"') })),
};

type Declared = Omit<Board, 'folder'>;

/** The fields of a board whose folder is called `name`: native ones have no memory map. */
function boardSchema(parsed: unknown, name: string): json.Schema<Declared> {
  const isNative = (parsed as { runner?: { kind?: unknown } } | null)?.runner?.kind === 'native';
  const fields = { name: json.exactly(name, "the folder's name"), ...FIELDS, ...(isNative ? {} : BARE_METAL) };
  return json.agreeing(json.fields(fields) as json.Schema<Declared>, budgetFault);
}

function budgetFault({ memory, budget }: Declared): [field: string, fault: string] | null {
  if (!memory || !budget) return null;
  for (const kind of ['flash', 'ram'] as const) {
    const [limit, { bytes }] = [budget[`${kind}Bytes`], memory[kind]];
    if (limit > bytes) return [`budget.${kind}Bytes`, `expected at most memory.${kind}.bytes = ${bytes}, got ${limit}`];
  }
  return null;
}
