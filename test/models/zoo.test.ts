/** The zoo: the committed images of each task within a budget, their cards, and what they compute on an emulated board. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyBoard } from '../../host/agent/verify.ts';
import { loadBoard } from '../../host/boards/board.ts';
import { imageFor } from '../../host/build/placedImage.ts';
import { chosenForZoo } from '../../host/evidence/zoo.ts';
import { zooPage } from '../../host/pages/zoo.ts';
import { Runtime } from '../../host/runtime/node.ts';
import type { VariantName } from '../../host/runtime/variants.ts';
import { readGrid } from '../../host/sweep/grid.ts';
import { testWindows } from '../../host/task/inputs.ts';
import { canRun } from '../boards/runnable.ts';

const FOLDER = 'models/zoo';
const BOARD = 'mps2-an500';
const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.htpw')) : [];

describe('models/zoo', () => {
  it('is what htpw zoo chooses of the committed records', () => {
    const chosen = zooPage(chosenForZoo(readGrid('models/sweeps/pareto.json')));
    expect(chosen, 'out of date: run npx htpw zoo').toBe(readFileSync(join(FOLDER, 'README.md'), 'utf8'));
  });

  it('has a card of each image and no other', () => {
    const cards = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => /\.md$/.test(name)) : [];
    const expected = files.map((name) => name.replace(/\.htpw$/, '.md'));
    expect(cards.filter((name) => name !== 'README.md').sort()).toEqual(expected.sort());
  });

  it.skipIf(files.length === 0).each(files)('%s is within its budget, and its card is of it', (file) => {
    const image = readFileSync(join(FOLDER, file));
    const [, budget] = /-(\d+)kB\.htpw$/.exec(file)!;
    expect(image.length).toBeLessThanOrEqual(1000 * Number(budget));
    const card = readFileSync(join(FOLDER, file.replace(/\.htpw$/, '.md')), 'utf8');
    expect(card).toContain(createHash('sha256').update(image).digest('hex'));
    expect(card).toMatch(/^ {4}npx htpw sweep models\/sweeps\/pareto\.json --run /m);
    expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(file.replace(/\.htpw$/, ''));
  });

  it.skipIf(files.length === 0 || !canRun(BOARD)).each(files)(
    `%s computes on ${BOARD} what it does in Node`,
    async (file) => {
      const board = loadBoard(BOARD);
      const { imagePath, image } = imageFor(join(FOLDER, file), board, undefined);
      const runtime = new Runtime(image, board.variant as VariantName);
      const { windows } = testWindows(runtime.load(0), 2);
      const reference = (input: Uint8Array) => runtime.load(0).traceCrcs(input);
      const verified = await verifyBoard({ imagePath, image, board: BOARD, windows, reference });
      expect(verified).toMatchObject({ mismatchingBytes: 0, mismatchingLayers: 0 });
    },
  );
});
