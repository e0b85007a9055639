/** boards/<name>/board.json: what a board is, read and checked. docs/porting.md explains each field. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { BOOT_ROMS, type BootRom } from './boot.ts';
import { projectRoot } from './root.ts';
import { findVariant } from './variants.ts';

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

export interface Board {
  name: string;
  description: string;
  core: string;
  variant: string;
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
  /** when and on what hardware it was verified */
  verified?: string;
  /** absolute path of its folder */
  folder: string;
}

const boardsFolder = (root: string) => join(root, 'boards');

export function boardNames(root = projectRoot()): string[] {
  return readdirSync(boardsFolder(root))
    .filter((name) => existsSync(join(boardsFolder(root), name, 'board.json')))
    .sort();
}

export function listBoards(root = projectRoot()): Board[] {
  return boardNames(root).map((name) => loadBoard(name, root));
}

/** Boards that run here, without hardware, and stand for no other: what everything runs on that is not told where. */
export function runnableBoards(root = projectRoot()): Board[] {
  return listBoards(root).filter(({ runner, emulated }) => runner.kind !== 'serial' && emulated === undefined);
}

/** A path begins with a dot or has a slash in it; a name does not. */
const isPath = (board: string) => /^\.|[/\\]/.test(board);

/** A board of the project by its name, or the one that a folder anywhere describes, by the folder's path: "./my-board". */
export function loadBoard(board: string, root = projectRoot()): Board {
  const known = boardNames(root);
  if (isPath(board)) {
    const folder = resolve(board);
    if (known.includes(basename(folder)) && dirname(folder) !== boardsFolder(root))
      throw new Error(
        `${board}: is called as a board of the project, with which it would share build/; rename the folder`,
      );
    return readBoard(folder, join(board, 'board.json'));
  }
  if (!known.includes(board)) {
    throw new Error(
      `board "${board}": unknown; one of ${known.join(', ')}, a folder such as ./${board}, or add boards/${board}/board.json`,
    );
  }
  return readBoard(join(boardsFolder(root), board), `boards/${board}/board.json`);
}

function readBoard(folder: string, where: string): Board {
  if (!existsSync(join(folder, 'board.json')))
    throw new Error(`${where}: expected a file that describes the board, got none; docs/porting.md has its fields`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(folder, 'board.json'), 'utf8'));
  } catch (error) {
    throw new Error(`${where}: not JSON, ${(error as Error).message}`);
  }
  return checkBoard(json, basename(folder), folder, where);
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
    throw new Error(
      `${where}: emulated: expected a board that counts instructions, got ${emulated.name} which counts ${emulated.ticks.unit}`,
    );
  for (const key of ['core', 'variant'] as const) {
    if (sameCode(emulated[key]) !== sameCode(board[key]))
      throw new Error(`${where}: emulated: expected ${key} ${board[key]}, got ${emulated[key]} of ${emulated.name}`);
  }
  return emulated;
}

/** Cortex-M0+ and Cortex-M0 have one instruction set, ARMv6-M, and get the same code; they differ in cycles. */
const sameCode = (core: string) => core.replace(/^Cortex-M0\+$/, 'Cortex-M0');

type Fields = Record<string, unknown>;

/** Takes fields out of JSON and says which one is wrong, or is none of those that were asked for. */
class Checker {
  private readonly known = new Set<string>();
  private readonly parts: Checker[] = [];

  constructor(
    private readonly fields: Fields,
    private readonly where: string,
    private readonly path = '',
  ) {}

  private fail(key: string, expected: string): never {
    throw new Error(`${this.where}: ${this.path}${key}: expected ${expected}, got ${JSON.stringify(this.fields[key])}`);
  }

  private value(key: string): unknown {
    this.known.add(key);
    return this.fields[key];
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  /** After everything was asked for, of this object and those in it. */
  assertNoOthers(): void {
    const other = Object.keys(this.fields).find((key) => !this.known.has(key));
    if (other !== undefined)
      throw new Error(`${this.where}: ${this.path}${other}: unknown; the fields are ${[...this.known].join(', ')}`);
    for (const part of this.parts) part.assertNoOthers();
  }

  text(key: string): string {
    const value = this.value(key);
    return typeof value === 'string' ? value : this.fail(key, 'a string');
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T {
    const value = this.value(key) as T;
    return choices.includes(value) ? value : this.fail(key, `one of ${choices.join(', ')}`);
  }

  exactly(key: string, only: string, why: string): string {
    return this.value(key) === only ? only : this.fail(key, `${JSON.stringify(only)}, ${why}`);
  }

  texts(key: string): string[] {
    const value = this.value(key);
    const fits = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return fits ? value : this.fail(key, 'a list of strings');
  }

  /** one of them with `part` in it */
  textsWith(key: string, part: string): string[] {
    const value = this.texts(key);
    return value.some((item) => item.includes(part)) ? value : this.fail(key, `a list of strings, one with ${part}`);
  }

  positive(key: string): number {
    const value = this.value(key);
    return Number.isInteger(value) && (value as number) > 0
      ? (value as number)
      : this.fail(key, 'a whole number above 0');
  }

  /** not only whole numbers */
  quantity(key: string): number {
    const value = this.value(key);
    return typeof value === 'number' && value > 0 ? value : this.fail(key, 'a number above 0');
  }

  /** "0x08000000", because JSON has no hex numbers */
  word(key: string, expected: string): number {
    const value = this.value(key);
    const fits = typeof value === 'string' && /^0x[0-9a-f]{8}$/i.test(value);
    return fits ? Number(value) : this.fail(key, expected);
  }

  address(key: string): number {
    return this.word(key, 'an address such as "0x20000000"');
  }

  object(key: string): Checker {
    const value = this.value(key);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail(key, 'an object');
    const part = new Checker(value as Fields, this.where, `${this.path}${key}.`);
    this.parts.push(part);
    return part;
  }
}

const region = (fields: Checker): Region => ({ origin: fields.address('origin'), bytes: fields.positive('bytes') });

function checkRunner(fields: Checker): Runner {
  const kind = fields.oneOf('kind', ['qemu', 'native', 'serial']);
  if (kind === 'qemu')
    return {
      kind,
      program: fields.text('program'),
      machine: fields.text('machine'),
      arguments: fields.textsWith('arguments', '{elf}'),
    };
  if (kind === 'serial') return { kind, baud: fields.positive('baud'), flash: fields.text('flash') };
  return { kind };
}

/** What only some boards say. */
function checkOptional(fields: Checker): Partial<Board> {
  const packages = fields.has('packages') ? fields.object('packages') : null;
  return {
    ...(packages
      ? {
          packages: {
            compiler: packages.texts('compiler'),
            emulator: packages.has('emulator') ? packages.texts('emulator') : [],
          },
        }
      : {}),
    ...(fields.has('interrupts') ? { interrupts: fields.positive('interrupts') } : {}),
    ...(fields.has('clockHz') ? { clockHz: fields.positive('clockHz') } : {}),
    ...(fields.has('residency') ? { residency: fields.oneOf('residency', ['boot', 'lazy', 'stream'] as const) } : {}),
    ...checkEstimates(fields),
    ...(fields.has('verified') ? { verified: fields.text('verified') } : {}),
  };
}

/** For figures that are estimated. */
function checkEstimates(fields: Checker): Partial<Board> {
  const timing = fields.has('timing') ? fields.object('timing') : null;
  const power = fields.has('power') ? fields.object('power') : null;
  return {
    ...(fields.has('emulated') ? { emulated: fields.text('emulated') } : {}),
    ...(timing
      ? {
          timing: { instructionsPerCycle: timing.quantity('instructionsPerCycle'), source: timing.text('source') },
        }
      : {}),
    ...(power
      ? {
          power: {
            volts: power.quantity('volts'),
            milliamps: power.quantity('milliamps'),
            source: power.text('source'),
          },
        }
      : {}),
  };
}

function checkBareMetal(fields: Checker, where: string): Partial<Board> {
  const memory = fields.object('memory');
  const budget = fields.object('budget');
  const checked = {
    memory: { flash: region(memory.object('flash')), ram: region(memory.object('ram')) },
    budget: {
      flashBytes: budget.positive('flashBytes'),
      ramBytes: budget.positive('ramBytes'),
      stackBytes: budget.positive('stackBytes'),
    },
    ...(fields.has('boot') ? { boot: fields.oneOf('boot', BOOT_ROMS) } : {}),
    ...(fields.has('uf2')
      ? { uf2: { familyId: fields.object('uf2').word('familyId', 'eight digits, "0xe48bff56"') } }
      : {}),
  };
  for (const kind of ['flash', 'ram'] as const) {
    const [limit, bytes] = [checked.budget[`${kind}Bytes`], checked.memory[kind].bytes];
    if (limit > bytes)
      throw new Error(`${where}: budget.${kind}Bytes: expected at most memory.${kind}.bytes = ${bytes}, got ${limit}`);
  }
  return checked;
}

function checkBoard(json: unknown, name: string, folder: string, where: string): Board {
  const fields = new Checker((json ?? {}) as Fields, where);
  const ticks = fields.object('ticks');
  const board: Board = {
    name: fields.exactly('name', name, "the folder's name"),
    description: fields.text('description'),
    core: fields.text('core'),
    variant: findVariant(fields.text('variant')).name,
    toolchain: fields.text('toolchain'),
    cpuFlags: fields.texts('cpuFlags'),
    sources: fields.texts('sources'),
    ticks: {
      source: ticks.text('source'),
      unit: ticks.oneOf('unit', ['instructions', 'cycles', 'nanoseconds']),
      multiply: ticks.positive('multiply'),
      divide: ticks.positive('divide'),
      bits: ticks.has('bits') ? ticks.positive('bits') : 32,
    },
    runner: checkRunner(fields.object('runner')),
    ...checkOptional(fields),
    folder,
  };
  const checked = board.runner.kind === 'native' ? board : { ...board, ...checkBareMetal(fields, where) };
  fields.assertNoOthers();
  return checked;
}
