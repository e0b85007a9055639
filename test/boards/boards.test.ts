/**
 * Every folder of boards/, and one that is not there: it builds, fits, computes what the WebAssembly does, and counts
 * right.
 */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, vi } from 'vitest';
import { connect } from '../../host/agent/connect.ts';
import { verifyBoard } from '../../host/agent/verify.ts';
import { type Board, counted, countedUpTo, listBoards, loadBoard } from '../../host/boards/board.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { imageFor } from '../../host/build/placedImage.ts';
import { main } from '../../host/cli.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { testWindows } from '../../host/task/inputs.ts';
import { DEFAULT_MODEL } from '../../host/verbs/build.ts';
import { canBuild, canRun, EMULATED } from './runnable.ts';
import { imageFile, tinyWindow } from './tinyImage.ts';

/** A folder that is not of boards/, which HTPW_BOARD names: for who is adding one. */
const { HTPW_BOARD } = process.env;
const OWN = HTPW_BOARD ? [loadBoard(resolve(HTPW_BOARD))] : [];
const OWN_EMULATED = OWN.filter(({ runner }) => runner.kind === 'qemu');

/** Vitest counts what cannot run as skipped, by name. */
const each = (boards: readonly Board[], can: (folder: string) => boolean) =>
  boards.map((board) => ({ board, name: board.name, test: can(board.folder) ? it : it.skip }));

/** The default model's windows on a board, against the WebAssembly. */
async function verifyDefault(board: Board) {
  const { imagePath, image } = imageFor(DEFAULT_MODEL, board, undefined);
  const runtime = new Runtime(image).load();
  const { windows } = testWindows(runtime, 2, 'synthetic-easy');
  const reference = (input: Uint8Array) => runtime.traceCrcs(input);
  return verifyBoard({ imagePath, image, board: board.folder, windows, reference });
}

describe('every board', () => {
  for (const { board, name, test } of each([...listBoards(), ...OWN], canBuild))
    test(`builds the default firmware within its budget: ${name}`, { timeout: 240_000 }, async () => {
      const firmware = await buildFirmware(board, imageFor(DEFAULT_MODEL, board, undefined).imagePath);
      expect(firmware.board).toBe(name);
      if (!board.budget) return;
      expect(firmware.flashBytes).toBeLessThanOrEqual(board.budget.flashBytes);
      expect(firmware.ramBytes).toBeLessThanOrEqual(board.budget.ramBytes);
      expect(firmware.flashBytes).toBeGreaterThan(readFileSync(DEFAULT_MODEL).length);
    });
});

describe('every emulated board', () => {
  for (const { board, name, test } of each([...EMULATED, ...OWN_EMULATED], canRun)) {
    test(`computes the default model as the WebAssembly does: ${name}`, { timeout: 240_000 }, async () => {
      const result = await verifyDefault(board);
      expect(result).toMatchObject({ windows: 2, mismatchingBytes: 0, mismatchingLayers: 0, weightsChecked: true });
      // painted and counted: some of it is used, and some is left
      expect(result.stackUsed).toBeGreaterThan(256);
      expect(result.stackUsed).toBeLessThan(result.stackBytes);
    });

    test(`turns the ticks of 64,000 instructions into 64,000: ${name}`, { timeout: 120_000 }, async () => {
      // the two loops may be aligned by an instruction more or less
      expect(Math.abs(counted(board, Number(await answer(board, 'c'))) - 64_000)).toBeLessThanOrEqual(2);
    });

    test(`counts more than 32 bits of a timer hold, or says that it cannot: ${name}`, {
      timeout: 240_000,
    }, async () => {
      const ticks = await answer(board, 'l');
      if (288_000_000 < countedUpTo(board))
        expect(Math.abs(counted(board, Number(ticks)) - 288_000_000)).toBeLessThan(9);
      else expect(ticks).toBe('unknown');
    });

    test(`says which exception nobody expected, and stops: ${name}`, { timeout: 120_000 }, async () => {
      expect(await answer(board, 't')).toBe('');
      expect(await answer(board, 'tc', 1)).toMatch(/^error FAULT exception=\d+$/);
    });

    test(`does not survive a stack that is too small by one frame: ${name}`, { timeout: 120_000 }, async () => {
      // ARMv6-M may have to take the fault on the very stack that has no room for it: then it stops and cannot say so
      expect(await answer(board, 'o', 1)).toMatch(
        board.core === 'Cortex-M0' ? /^error FAULT|Lockup/ : /^error FAULT exception=\d+$/,
      );
    });
  }
});

/** The line that machine.c answers to `bytes`, or a later one; what the emulator said when it ended instead. */
async function answer(board: Board, bytes: string, line = 0): Promise<string> {
  const main = 'test/boards/machine.c';
  const { elf } = await buildFirmware(board, imageFile(`machine-${board.name}`), { main });
  const transport = await connect(board, resolve(elf));
  const lines: string[] = [];
  try {
    for await (const text of createInterface({ input: transport.readable })) {
      lines.push(text);
      if (text === 'ready') transport.writable.write(bytes);
      if (lines.length > line + 1) return text;
    }
    return await transport.ended;
  } finally {
    await transport.close();
  }
}

describe('a board of one’s own', () => {
  const copies = EMULATED.filter(({ emulated }) => emulated === undefined);

  /** A folder that is not the project's, with a board that is new to it. */
  function copyOf({ folder }: Board): string {
    const copy = join(mkdtempSync(join(tmpdir(), 'own-')), 'my-board');
    cpSync(folder, copy, { recursive: true });
    const json = JSON.parse(readFileSync(join(copy, 'board.json'), 'utf8'));
    writeFileSync(join(copy, 'board.json'), JSON.stringify({ ...json, name: 'my-board' }));
    return copy;
  }

  for (const { board, name, test } of each(copies, canRun))
    test(`is a folder anywhere, such as a copy of ${name}: it builds and verifies with no other file`, {
      timeout: 240_000,
    }, async () => {
      const imagePath = imageFile(`own-${name}`);
      const image = new Uint8Array(readFileSync(imagePath));
      const runtime = new Runtime(image).load();
      const result = await verifyBoard({
        imagePath,
        image,
        board: relative(process.cwd(), copyOf(board)),
        windows: [0, 1].map(tinyWindow),
        reference: (input) => runtime.traceCrcs(input),
      });
      expect(result).toMatchObject({ board: 'my-board', windows: 2, mismatchingBytes: 0, mismatchingLayers: 0 });
    });

  const [{ board: any, test }] = each(copies, canBuild);
  test('is built by its path on the command line', { timeout: 240_000 }, async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(await main(['build', copyOf(any), '--model', imageFile('own')])).toBe(0);
    expect(said.mock.calls.join('\n')).toMatch(
      /my-board: .*build\/my-board\/own-[0-9a-f]{8}\/firmware\.\{elf,bin,hex,map\}/,
    );
    said.mockRestore();
  });

  it('is refused under the name of a board of the project, whose build it would overwrite', () => {
    const copy = join(mkdtempSync(join(tmpdir(), 'own-')), 'microbit');
    cpSync(loadBoard('microbit').folder, copy, { recursive: true });
    expect(() => loadBoard(copy)).toThrow(`${copy}: is called as a board of the project`);
    expect(loadBoard('./boards/microbit')).toEqual(loadBoard('microbit'));
  });

  it('is refused where its folder has no board.json, or another name than the folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'own-'));
    expect(() => loadBoard(folder)).toThrow(/board\.json: expected a file that describes the board, got none/);
    const copy = copyOf(loadBoard('microbit'));
    writeFileSync(join(copy, 'board.json'), readFileSync('boards/microbit/board.json'));
    expect(() => loadBoard(copy)).toThrow(
      `${copy}/board.json: name: expected "my-board", the folder's name, got "microbit"`,
    );
  });
});
