/** The committed images of the papers: their cards, their bytes, and what they compute on every emulated board. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifySwitches } from '../../host/agent/switch.ts';
import { verifyBoard } from '../../host/agent/verify.ts';
import { imageFor } from '../../host/build/placedImage.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import type { VariantName } from '../../host/runtime/variants.ts';
import { nameOf } from '../../host/sources/registry.ts';
import { testWindows } from '../../host/task/inputs.ts';
import { canRun, EMULATED } from '../boards/runnable.ts';

const FOLDER = 'models/papers';
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.htpw'))
  .map((name) => name.slice(0, -'.htpw'.length));
const pathOf = (name: string): string => join(FOLDER, `${name}.htpw`);
const imageOf = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(name)));

describe.each(NAMES)('models/papers/%s.htpw', (name) => {
  const image = imageOf(name);
  const card = readFileSync(join(FOLDER, `${name}.md`), 'utf8');

  it('is smaller than 75 kB', () => {
    expect(image.length).toBeLessThan(75_000);
  });

  it('is the image that its card speaks of, which says how it is made', () => {
    expect(card).toContain(createHash('sha256').update(image).digest('hex'));
    expect(card).toContain(`**${image.length.toLocaleString('en-US')}**`);
    expect(card).toMatch(new RegExp(`^ {4}npx htpw (sweep .*|(train|join|prune) .*-o ${pathOf(name)})$`, 'm'));
  });

  it('has figures with intervals for each of its programs', () => {
    const { programs } = new ImageView(image);
    expect(card.match(/^\| macro-F1 \| \d\.\d{3} \(\d\.\d{3} to \d\.\d{3}\)/gm)!.length).toBeGreaterThanOrEqual(
      programs.length,
    );
  });
});

describe('models/papers', () => {
  const views = NAMES.map((name) => new ImageView(imageOf(name)));

  it('has an image of programs on one basis, one of programs that share codebooks, some with branches, and one that was cut', () => {
    const onBasis = views.filter(
      ({ programs, sources }) => programs.length >= 4 && sources.some((source) => nameOf(source) === 'basis'),
    );
    const sharing = views.filter(
      ({ programs, sources }) => programs.length >= 4 && sources.some((source) => nameOf(source) === 'codebook'),
    );
    const branching = views.filter(({ programs }) => programs.some(({ branches }) => branches.some(Boolean)));
    const cut = views.filter((view) => view.metadata().pruned !== undefined);
    expect([onBasis.length, sharing.length, branching.length, cut.length]).toEqual([1, 1, 2, 1]);
  });
});

/** Boards whose RAM is too small for an image, and no others. */
const NO_ROOM: Record<string, readonly string[]> = { microbit: ['four-tasks', 'joined'] };

describe.each(EMULATED.map((board) => [board.name, board] as const))('on %s', (boardName, board) => {
  it.skipIf(!canRun(boardName)).each(NAMES)('%s computes what the WASM computes, where it has room', async (name) => {
    const { imagePath, image } = imageFor(pathOf(name), board, undefined);
    const runtime = new Runtime(image, board.variant as VariantName);
    const windows = Array.from({ length: runtime.programs }, (_, p) => testWindows(runtime.load(p), 2).windows);
    const reference = (program: number, input: Uint8Array) => runtime.load(program).traceCrcs(input);
    const common = { imagePath, image, board: boardName };
    const verified =
      windows.length > 1
        ? verifySwitches({ ...common, switches: 2 * windows.length, seed: 1, windows, reference })
        : verifyBoard({ ...common, windows: windows[0]!, reference: (input) => reference(0, input) });
    if (NO_ROOM[boardName]?.includes(name))
      await expect(verified).rejects.toThrow(/^microbit: ram: expected at most 16384 bytes/);
    else expect(await verified).toMatchObject({ mismatchingBytes: 0, mismatchingLayers: 0 });
  });
});
