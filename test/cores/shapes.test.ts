/**
 * The table of shapes on every core: one firmware with all of its programs, one run. What comes out is what the slow
 * twins say, whatever the memory held before, and nothing is touched that does not belong to the operator at hand.
 */
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../host/agent/connect.ts';
import { type Board, loadBoard } from '../../host/boards/board.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { ImageView } from '../../host/records/view.ts';
import type { KeptState } from '../../host/reference/executor.ts';
import { DEVICE_VARIANT_NAMES, type DeviceVariantName, PORTABLE } from '../../host/runtime/variants.ts';
import { canRun, RUNNABLE } from '../boards/runnable.ts';
import { imageFile } from '../boards/tinyImage.ts';
import { placeOf, type Range, reachOf } from '../reach.ts';
import { chosenRows, packTogether, ROW_ALONE, type ShapeRow, twinCrcs } from '../shapes.ts';

interface Core {
  board: Board;
  variant: DeviceVariantName;
  what: string;
}

const HOST = loadBoard('host');

/** Every board that runs here, and on this computer the other variants, with their instructions in plain C. */
const CORES: Core[] = [
  ...RUNNABLE.map((board) => ({ board, variant: board.variant, what: board.core })),
  ...DEVICE_VARIANT_NAMES.filter((variant) => variant !== HOST.variant).map((variant) => ({
    board: HOST,
    variant,
    what: `instructions of ${variant} in plain C`,
  })),
];

/** Of a program, that shapes.c has room for. */
const MOST_OPERATORS = 64;

/** RAM and flash that the whole table takes, in bytes; a board with less gets as many rows as fit. */
const WHOLE_TABLE = 2 ** 20;
const hasRoom = ({ memory }: Board) => !memory || Math.min(memory.flash.bytes, memory.ram.bytes) >= WHOLE_TABLE;

/** Helium takes a row from so many bytes before it on as make it one of whole vectors, and ignores them. */
const AHEAD: Partial<Record<DeviceVariantName, number>> = { mve: 15 };

/** An image, and behind it for each program what its operators may touch and its inputs: shapes.c has the layout. */
function firmwareData(rows: readonly ShapeRow[], variant: DeviceVariantName): Uint8Array {
  const image = packTogether(rows);
  const view = new ImageView(image);
  const words: number[] = [];
  const put = (ranges: Range[]) => words.push(ranges.length, ...ranges.flat());
  const ahead = AHEAD[variant] ?? 0;
  const from = ([at, bytes]: Range): Range => [at - Math.min(at, ahead), bytes + Math.min(at, ahead)];
  rows.forEach(({ inputs }, p) => {
    const program = view.programs[p];
    expect(program.operators.length, rows[p].name).toBeLessThanOrEqual(MOST_OPERATORS);
    words.push(program.operators.length);
    program.operators.forEach((_, o) => {
      const { reads, output, scratch, cache, state, image: inImage } = reachOf(view, program, o);
      // begin and the first operator are one step to the firmware
      const given = o === 0 ? program.inputs.map(({ tensor }) => placeOf(view, program, tensor)) : [];
      put([...[...given, ...reads].map(from), output, scratch, ...cache.map(from), ...state]);
      put(inImage.map(from));
    });
    words.push(inputs.length);
    for (const input of inputs) words.push(...wordsOf(input));
  });
  const behind = (image.length + 15) & ~15;
  const file = new Uint8Array(behind + 4 * words.length);
  file.set(image);
  file.set(new Uint8Array(Uint32Array.from(words).buffer), behind);
  return file;
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

/** The lines of shapes.c, of each program: two kinds of garbage, every input. */
function expectedLines(rows: readonly ShapeRow[]): string[] {
  return rows.flatMap((row, p) => {
    const kept: KeptState = new Map();
    const crcs = row.inputs.map((input) =>
      twinCrcs(row, input, kept).map((crc) => (crc >>> 0).toString(16).padStart(8, '0')),
    );
    return [0, 1].flatMap((garbage) => crcs.map((layers, i) => `${p} ${garbage} ${i} ${layers.join(' ')}`));
  });
}

/** Of many, every fourth, of all kinds; of these, as many as 16 KiB of RAM and 256 KiB of flash suffice for. */
function small(rows: readonly ShapeRow[]): ShapeRow[] {
  let flash = 0;
  return rows.filter((row, i) => {
    if (rows.length > 1 && i % 4 > 0) return false;
    const file = firmwareData([row], PORTABLE);
    const { arenaBytes } = new ImageView(file).programs[0];
    const fits = 2 * arenaBytes + row.inputs[0].length < 9000 && flash + file.length < 170_000;
    if (fits) flash += file.length;
    return fits;
  });
}

/** Nothing is counted here, so that the emulator need not either. */
function uncounted(board: Board): Board {
  const { runner } = board;
  if (runner.kind !== 'qemu') return board;
  const at = runner.arguments.indexOf('-icount');
  const words = at < 0 ? runner.arguments : runner.arguments.toSpliced(at, 2);
  return { ...board, runner: { ...runner, arguments: words } };
}

async function linesFrom(board: Board, elf: string): Promise<string[]> {
  const transport = await connect(board, elf);
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: transport.readable })) {
      if (line === 'end') return lines;
      lines.push(line);
    }
    throw new Error(`${board.name}: stopped after "${lines.at(-1)}"\n${await transport.ended}`);
  } finally {
    await transport.close();
  }
}

describe('every operator of the table of shapes', () => {
  const rows = chosenRows();
  const few = small(rows);
  const lines = new Map<readonly ShapeRow[], string[]>();
  beforeAll(() => {
    for (const table of [rows, few]) lines.set(table, expectedLines(table));
  }, 120_000);

  for (const { board, variant, what } of CORES) {
    const { name } = board;
    const table = hasRoom(board) ? rows : few;
    it.skipIf(!canRun(name) || table.length === 0)(
      `equals its twin and keeps to its memory on ${name}, ${variant}: ${what}${table === few ? ', as many rows as fit' : ''}`,
      { timeout: 120_000 },
      async () => {
        const image = imageFile(`shapes-${name}-${variant}`, firmwareData(table, variant));
        const main = 'test/cores/shapes.c';
        const { elf } = await buildFirmware(board, image, { main, variant });
        const got = await linesFrom(uncounted(board), resolve(elf));
        const expected = lines.get(table)!;
        const wrong = expected.flatMap((line, i) =>
          line === got[i] ? [] : [`${table[Number(line.split(' ')[0])].name}: expected "${line}", got "${got[i]}"`],
        );
        expect(wrong.slice(0, 12), ROW_ALONE).toEqual([]);
        expect(got).toHaveLength(expected.length);
      },
    );
  }
});
