/** The committed ECG model: its size, its card, its code, and its bytes on an emulated board. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import { verifyBoard } from '../../host/agent/verify.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { withResidency } from '../../host/image/seal.ts';
import type { Figures, ModelFigure } from '../../host/measure/figures.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { nameOf } from '../../host/sources/registry.ts';
import { testWindows } from '../../host/task/inputs.ts';
import { canRun } from '../boards/runnable.ts';

const MODEL = 'models/ecg-beats.htpw';
const image = new Uint8Array(readFileSync(MODEL));
const card = readFileSync('models/ecg-beats.md', 'utf8');

/** The figure of this network that bench/ records. */
function recorded(board: string, residency: ModelFigure['residency']): ModelFigure {
  const { models }: Figures = JSON.parse(readFileSync(`bench/${board}.json`, 'utf8'));
  return models.find((figure) => figure.model === 'ecg-beats' && figure.residency === residency)!;
}

describe('models/ecg-beats.htpw', () => {
  it('is at most 20 kB', () => {
    expect(image.length).toBeLessThanOrEqual(20_000);
  });

  it('generates every pointwise layer but the first by a micro-MLP from real codes', () => {
    const view = new ImageView(image);
    const pointwise = view.programs[0].operators
      .filter(({ kind }) => kind === F.POINTWISE)
      .map(({ source }) => nameOf(view.sources[source]));
    expect(pointwise).toEqual(['stored', ...Array(4).fill('basis')]);
    expect(view.generators[0]).toMatchObject({ codeLength: 4, hidden: 12, outputs: 2 });
  });

  it('is the image that its card speaks of', () => {
    expect(card).toContain(createHash('sha256').update(image).digest('hex'));
    expect(card).toContain(`**${image.length.toLocaleString('en-US')}**`);
  });

  it('gives equal bytes in every variant and with every residency, layer by layer', () => {
    const { windows } = testWindows(new Runtime(image), 3);
    const traces = VARIANT_NAMES.flatMap((variant) =>
      [image, withResidency(image, 'lazy'), withResidency(image, 'stream')].map((bytes) => {
        const runtime = new Runtime(bytes, variant).load();
        return windows.map((window) => runtime.traceCrcs(window));
      }),
    );
    for (const trace of traces) expect(trace).toEqual(traces[0]);
  });
});

describe.skipIf(!canRun('mps2-an500'))('its firmware', () => {
  it('has at most 12 kB of runtime code on a Cortex-M7', async () => {
    const { runtimeTextBytes } = await buildFirmware('nucleo-f767zi', MODEL);
    expect(runtimeTextBytes).toBeLessThanOrEqual(12_000);
    const { text }: Figures = JSON.parse(readFileSync('bench/mps2-an500.json', 'utf8'));
    expect(runtimeTextBytes).toBe(text.tailoredEcg);
  });

  it.each(['mps2-an500', 'mps2-an386', 'mps2-an385'])('computes on %s what the WASM computes', async (board) => {
    const runtime = new Runtime(image).load();
    const { windows } = testWindows(runtime, 2);
    const result = await verifyBoard({
      imagePath: MODEL,
      image,
      board,
      windows,
      reference: (input) => runtime.traceCrcs(input),
    });
    const budget = recorded(board, 'boot');
    expect(result.instructionsBoot).toBeLessThanOrEqual(1.01 * budget.boot);
    expect(result.instructionsPerInference).toBeLessThanOrEqual(1.01 * budget.perInference);
    expect(result).toMatchObject({ windows: 2, mismatchingBytes: 0, mismatchingLayers: 0, weightsChecked: true });
  });
});
