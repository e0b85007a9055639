/** docs/deploy.md against what can be computed again without emulators; `htpw deploy --check` does the rest. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../host/boards/board.ts';
import { measureFirmware } from '../../host/build/firmware.ts';
import { placeUnderBuild } from '../../host/build/placedImage.ts';
import { committedImages, type Deployment, deviceBoards, waysToHold } from '../../host/measure/deployments.ts';
import { breakEven, HEADINGS, millijoules, milliseconds, shortage } from '../../host/pages/deployments.ts';
import { withTranscripts } from '../../host/pages/transcript.ts';
import { ImageView } from '../../host/records/view.ts';
import { HAS_ARM_COMPILER } from '../board/workshop.ts';

const page = readFileSync('docs/deploy.md', 'utf8');
const bytesOf = (path: string) => new Uint8Array(readFileSync(path));
const number = (text: string) => Number(text.replaceAll(/[~,]/g, ''));

type Row = Record<(typeof HEADINGS)[number], string>;

function rowsOf(path: string): Row[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${basename(path, '.htpw')}\n`)) ?? '';
  return [...section.matchAll(/^\| `.*$/gm)].map(([line]) => {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', ''));
    return Object.fromEntries(HEADINGS.map((heading, i) => [heading, cells[i]])) as Row;
  });
}

const deployment = (row: Row): Deployment => ({
  board: loadBoard(row.board),
  held: row.weights as Deployment['held'],
  flashBytes: number(row.flash),
  ramBytes: number(row.RAM),
  arenaBytes: number(row.arena),
  stackUsed: null,
  boot: number(row.boot),
  inference: number(row.inference),
});

describe.each(committedImages())('docs/deploy.md says of %s', (path) => {
  const ways = waysToHold(bytesOf(path));
  const rows = rowsOf(path);

  /** A board that is new stands on the page once `htpw deploy` has run; that it has is not asked of who adds one. */
  const listed = new Set(rows.map(({ board }) => board));

  it('its size, and has a row for each way of holding its weights on every board that it lists', () => {
    expect(page).toContain(`\`${path}\`, ${bytesOf(path).length.toLocaleString('en-US')} bytes.`);
    expect(rows.map(({ board, weights }) => [board, weights])).toEqual(
      deviceBoards()
        .filter(({ name }) => listed.has(name))
        .flatMap(({ name }) => ways.map(({ held }) => [name, held])),
    );
  });

  it('the arena that the memory planner gives it', () => {
    const arenas = new Map(
      ways.map(({ held, image }) => [held as string, new ImageView(image).programs[0].arenaBytes]),
    );
    for (const row of rows) expect(number(row.arena)).toBe(arenas.get(row.weights));
  });

  it('whether it fits, how long it takes and when boot pays, as its own figures have it', () => {
    for (const row of rows) {
      const it = deployment(row);
      expect(row.fits).toBe(shortage(it) ?? 'yes');
      if (row.fits !== 'yes') {
        expect([row.boot, row.inference, row['ms, estimate'], row['mJ, estimate']]).toEqual(['-', '-', '-', '-']);
        continue;
      }
      expect(row['ms, estimate']).toBe(milliseconds(it.board, it.inference));
      expect(row['mJ, estimate']).toBe(millijoules(it.board, it.inference));
      const stream = rows.find(({ board, weights }) => board === row.board && weights === 'stream');
      const pays =
        row.weights === 'boot'
          ? breakEven(it.boot - number(stream!.boot), number(stream!.inference), it.inference)
          : null;
      expect(row['boot pays after']).toBe(pays === null ? '-' : String(pays));
    }
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('flash and RAM in docs/deploy.md', () => {
  it.each(['nucleo-f767zi', 'microbit'])('are those that the linker gives on %s', async (board) => {
    const [path] = committedImages();
    for (const { held, image } of waysToHold(bytesOf(path))) {
      const { flashBytes, ramBytes } = await measureFirmware(board, placeUnderBuild(path, image));
      const row = rowsOf(path).find((row) => row.board === board && row.weights === held)!;
      expect([number(row.flash), number(row.RAM)], 'out of date: run htpw deploy').toEqual([flashBytes, ramBytes]);
    }
  });
});

describe('an estimate', () => {
  it('of time is missing for emulated boards, and of energy unknown without a supply', () => {
    expect(milliseconds(loadBoard('mps2-an500'), 1e6)).toBe('-');
    expect(millijoules(loadBoard('mps2-an500'), 1e6)).toBe('-');
    const { power: _, ...unpowered } = loadBoard('microbit');
    expect(millijoules(unpowered, 1e6)).toBe('unknown');
  });

  it('is instructions over clock and instructions per cycle, times volts and milliamperes', () => {
    const timing = { instructionsPerCycle: 0.5, source: 'test' };
    const board = {
      ...loadBoard('microbit'),
      clockHz: 10e6,
      timing,
      power: { volts: 2, milliamps: 3, source: 'test' },
    };
    expect(milliseconds(board, 1e6)).toBe('200');
    expect(millijoules(board, 1e6)).toBe('1.2');
  });

  it('of when boot pays is rounded up, and never where streaming costs no more', () => {
    expect([breakEven(340, 110, 100), breakEven(341, 110, 100), breakEven(5, 100, 100)]).toEqual([34, 35, null]);
  });

  it('cannot be up to date when the examples have lost what they show', async () => {
    await expect(withTranscripts('# Residency\n')).rejects.toThrow(/expected a block that begins/);
  });
});
