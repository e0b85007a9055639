/** Who holds the arena: the sums, the drawing in text and as SVG, and the verb without an emulator. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../host/cli.ts';
import { holdersOf, peakLines } from '../../host/drawing/peak.ts';
import { timelinePlot } from '../../host/drawing/timelinePlot.ts';
import { timelineSvg } from '../../host/drawing/timelineSvg.ts';
import { pack } from '../../host/image/pack.ts';
import { withResidency } from '../../host/image/seal.ts';
import { timelineOf } from '../../host/layout/timeline.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import { ImageView } from '../../host/records/view.ts';
import { everything, ModelBuilder } from '../zoo.ts';

const ECG = 'models/ecg-beats.htpw';
const timeline = (image: Uint8Array) => timelineOf(new ImageView(image), 0);
const everythingPacked = pack(everything(1).build());

const IMAGES: [name: string, image: () => Uint8Array][] = [
  ['ecg-beats', () => new Uint8Array(readFileSync(ECG))],
  ...TOPOLOGIES.map(({ name, build }): [string, () => Uint8Array] => [name, () => pack(build())]),
  ...(['boot', 'lazy', 'stream'] as const).map((residency): [string, () => Uint8Array] => [
    `everything, ${residency}`,
    () => withResidency(everythingPacked, residency),
  ]),
];

describe.each(IMAGES)('the timeline of %s', (_, image) => {
  const shown = timeline(image());

  it('has a peak whose parts add up to the arena, which holds everything', () => {
    const { header, tensors, scratch, weights, gaps } = shown.peak;
    expect(header + tensors + scratch + weights + gaps).toBe(shown.arenaBytes);
    expect(gaps).toBeGreaterThanOrEqual(0);
    for (const { at, bytes } of shown.holders) expect(at + bytes).toBeLessThanOrEqual(shown.arenaBytes);
    expect(shown.arenaBytes).toBeGreaterThanOrEqual(shown.leastBytes);
  });

  it('is a plot of 80 columns that ends with the peak and what is proven of it', () => {
    const plot = timelinePlot(shown);
    for (const line of plot.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    const words = (text: string) => text.replaceAll(/\s+/g, ' ');
    expect(words(plot)).toContain(words(peakLines(shown).join(' ')));
  });

  it('is a drawing with a rectangle for every holder and the peak in words', () => {
    const drawing = timelineSvg([shown]);
    expect(drawing.match(/<title>/g)).toHaveLength(shown.holders.length);
    expect(drawing).toContain(`peak ${shown.arenaBytes.toLocaleString('en-US')} bytes at`);
    expect(drawing).not.toMatch(/NaN|undefined|(?:width|height)="-/);
  });
});

describe('the peak', () => {
  it('names a tensor that lies in another once, and counts it once', () => {
    const b = new ModelBuilder(1, [1, 64, 8]).softmax();
    expect(holdersOf(timeline(pack(b.build())))).toBe('header 128, tensors 512 (input 512, softmax1 in input)');
  });

  it('is proven where the arena is the least there can be, and else says what that is', () => {
    const shown = timeline(everythingPacked);
    const worse = { ...shown, arenaBytes: shown.leastBytes + 16 };
    expect(peakLines({ ...shown, arenaBytes: shown.leastBytes })[1]).toMatch(/^provably minimal/);
    const least = shown.leastBytes.toLocaleString('en-US');
    expect(peakLines(worse)[1]).toBe(
      `not proven minimal: any placing needs at least ${least} bytes for these residencies`,
    );
  });
});

describe('htpw plan --timeline', () => {
  afterEach(() => vi.restoreAllMocks());

  const run = async (...words: string[]) => {
    let said = '';
    vi.spyOn(console, 'log').mockImplementation((text) => {
      said += `${text}\n`;
    });
    expect(await main(['plan', ECG, '--timeline', ...words])).toBe(0);
    return said;
  };

  it('needs no budget, no board and no emulator, and draws where it is told', async () => {
    const drawing = join(mkdtempSync(join(tmpdir(), 'timeline-')), 'arena.svg');
    expect(await run(drawing)).toMatch(/^ecg-beats: arena in KiB over its operators\n.*arena\.svg: the drawing\n$/s);
    expect(readFileSync(drawing, 'utf8')).toMatch(/^<svg .*ecg-beats: who holds the arena.*<\/svg>\n$/s);
  });

  it('gives the same as JSON', async () => {
    const shown = timeline(new Uint8Array(readFileSync(ECG)));
    expect(JSON.parse(await run('--json'))).toEqual({ image: ECG, timelines: [shown] });
  });
});
