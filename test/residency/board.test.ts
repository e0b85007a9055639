/** Measured costs, and that they add up: whole plans on an emulated board against what was predicted of them. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { anyInput } from '../../host/agent/session.ts';
import { emulationOf, loadBoard } from '../../host/boards/board.ts';
import { buildFirmware, measureFirmware } from '../../host/build/firmware.ts';
import { placeUnderBuild } from '../../host/build/placedImage.ts';
import { main } from '../../host/cli.ts';
import { pack } from '../../host/image/pack.ts';
import { withResidencies } from '../../host/image/seal.ts';
import { ImageView } from '../../host/records/view.ts';
import { arenaBudget } from '../../host/residency/budget.ts';
import { imageCosts, uniformImage } from '../../host/residency/costs.ts';
import { type Costs, residenciesOf, residencyCurve } from '../../host/residency/curve.ts';
import { measureCosts } from '../../host/residency/measure.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { canRun, HAS_ARM_COMPILER } from '../boards/runnable.ts';
import { imageFile } from '../boards/tinyImage.ts';
import { everything, ModelBuilder } from '../zoo.ts';

const ECG = 'models/ecg-beats.htpw';
const EMULATED = 'mps2-an500';

describe('a real board', () => {
  it.each([
    ['nucleo-f767zi', 'mps2-an500'],
    ['nucleo-l4r5zi', 'mps2-an386'],
    ['nucleo-g0b1re', 'mps2-an385-m0'],
    ['rpi-pico', 'mps2-an385-m0'],
    ['microbit', 'mps2-an385-m0'],
    ['mps2-an386', 'mps2-an386'],
  ])('%s is counted on %s', (board, emulated) => {
    expect(emulationOf(loadBoard(board)).name).toBe(emulated);
  });

  it('that counts no instructions and names no board that does is refused', () => {
    expect(() => emulationOf(loadBoard('host'))).toThrow(/^boards\/host\/board\.json: emulated: expected a board that/);
    const wrong = { ...loadBoard('nucleo-f767zi'), emulated: 'mps2-an386' };
    expect(() => emulationOf(wrong)).toThrow('expected core Cortex-M7, got Cortex-M4 of mps2-an386');
  });
});

describe.skipIf(!canRun(EMULATED))(`costs on ${EMULATED}`, () => {
  const images = { ecg: new Uint8Array(readFileSync(ECG)), all: pack(everything(5).build()) };
  const costs = {} as Record<keyof typeof images, Costs>;
  const board = loadBoard(EMULATED);
  beforeAll(async () => {
    for (const name of ['ecg', 'all'] as const) costs[name] = await imageCosts(`${name}.htpw`, images[name], board);
  }, 240_000);

  it('are those of an inference that is not taken apart, but for less than 1 %', () => {
    for (const { steady, operators } of Object.values(costs.ecg).flat()) {
      const sum = operators.reduce((total, operator) => total + operator.steady, 0);
      expect(Math.abs(sum / steady - 1)).toBeLessThan(0.01);
    }
  });

  it('of lazy weights are those of weights made at boot, from the second inference on, but for a branch', () => {
    for (const { boot, lazy } of Object.values(costs)) {
      for (const [o, operator] of lazy[0].operators.entries())
        expect(Math.abs(operator.steady - boot[0].operators[o].steady)).toBeLessThanOrEqual(10);
    }
  });

  it.each(['ecg', 'all'] as const)('add up: mixed plans of %s cost what was predicted, within 0.5 %', async (name) => {
    const view = new ImageView(images[name]);
    for (const lazy of [true, false]) {
      const { best } = residencyCurve(view, 0, costs[name], { lazy });
      const mixed = best[best.length >> 1];
      const held = new Set(mixed.layers.map(({ residency }) => residency));
      expect(held).toEqual(new Set(['flash', lazy ? 'lazy' : 'boot', 'stream']));
      const image = withResidencies(images[name], [residenciesOf(view, 0, mixed)]);
      const { programs } = await measureCosts(placeUnderBuild(name, image), new ImageView(image), board);
      for (const key of ['steady', 'boot', 'first'] as const)
        expect(Math.abs(programs[0][key] - mixed[key]), `${key} ${programs[0][key]} ${mixed[key]}`).toBeLessThan(
          Math.max(0.005 * mixed[key], 20),
        );
    }
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('the RAM of a board', () => {
  it('that is left for an arena is filled by it to the last unit', async () => {
    const streamed = placeUnderBuild(ECG, uniformImage(new Uint8Array(readFileSync(ECG)), 'stream'));
    const microbit = loadBoard('microbit');
    const budget = await arenaBudget(microbit, streamed);
    const { ramBytes } = await buildFirmware('microbit', streamed);
    const own = new ImageView(new Uint8Array(readFileSync(streamed))).programs[0].arenaBytes;
    const left = microbit.budget!.ramBytes - (ramBytes - own + budget);
    expect([left >= 0, left < 16]).toEqual([true, true]);
  });

  it('and its flash are measured of firmware that does not fit as of firmware that does', async () => {
    const path = imageFile('measured', uniformImage(new Uint8Array(readFileSync(ECG)), 'boot'));
    const { elf, ...built } = await buildFirmware('mps2-an386', path);
    expect(elf).toMatch(/firmware\.elf$/);
    expect(await measureFirmware('mps2-an386', path)).toMatchObject(built);
    await expect(buildFirmware('microbit', path)).rejects.toThrow(/microbit: ram: expected at most 16384 bytes/);
    expect((await measureFirmware('microbit', path)).ramBytes).toBeGreaterThan(16384);
  });
});

describe('htpw plan', () => {
  const said = { log: '', error: '' };
  beforeEach(() => {
    for (const stream of ['log', 'error'] as const) {
      said[stream] = '';
      vi.spyOn(console, stream).mockImplementation((text) => {
        said[stream] += `${text}\n`;
      });
    }
  });
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['no budget', [], /expected --sram <bytes>, --board <name>, --curve or --timeline, got none/],
    ['an output without a budget', ['--curve', '-o', 'build/x.htpw'], /--output needs a budget/],
    ['an amount that is none', ['--sram', 'lots'], /--sram: expected an amount of RAM such as 64k/],
    ['a board without instructions', ['--board', 'host', '--sram', '64k'], /counts instructions, got host/],
  ])('with %s says so in one line', async (_, words, message) => {
    expect(await main(['plan', ECG, ...words])).toBe(2);
    expect(said.error.trim().split('\n')).toHaveLength(1);
    expect(said.error).toMatch(message);
  });

  it.skipIf(!canRun(EMULATED))(
    'with too little RAM for a network without weights says so in one line, too',
    async () => {
      const image = pack(new ModelBuilder(1, [1, 64, 8]).softmax().build());
      expect(await main(['plan', imageFile('without-weights', image), '--sram', '64'])).toBe(2);
      expect(said.error).toMatch(
        /at least [\d,]+ bytes \(peak at softmax1: header \d+, tensors 512 \(input 512, softmax1 in input\)\), got 64;/,
      );
    },
  );

  it.skipIf(!canRun(EMULATED))('with too little RAM gives the smallest arena and what holds it', async () => {
    expect(await main(['plan', ECG, '--sram', '8k'])).toBe(2);
    expect(said.error.trim().split('\n')).toHaveLength(1);
    const [, total, ...parts] =
      /at least ([\d,]+) bytes \(peak at PW\d: header (\d+), tensors ([\d,]+) \([^)]+\), scratch of PW\d ([\d,]+)\), got 8,192;/.exec(
        said.error,
      ) ?? [];
    const number = (text: string) => Number(text.replaceAll(',', ''));
    expect(parts.map(number).reduce((a, b) => a + b)).toBe(number(total));
  });

  it.skipIf(!canRun(EMULATED))('writes an image that needs and gives what it says, and a drawing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plan-'));
    const [planned, drawing] = [join(folder, 'planned.htpw'), join(folder, 'curve.svg')];
    const words = ['--sram', '32k', '-o', planned, '--curve', drawing, '--json'];
    expect([await main(['plan', ECG, ...words]), said.error]).toEqual([0, '']);
    const { plans, budgetBytes } = JSON.parse(said.log);
    const [own, original] = [planned, ECG].map((path) => new Runtime(new Uint8Array(readFileSync(path))).load());
    expect(own.arenaBytes()).toBe(plans[0].arenaBytes);
    expect([budgetBytes, own.arenaBytes() <= budgetBytes]).toEqual([32_768, true]);
    const input = anyInput(640);
    expect(own.traceCrcs(input)).toEqual(original.traceCrcs(input));
    expect(readFileSync(drawing, 'utf8')).toMatch(/^<svg .*ecg-beats: RAM against instructions.*<\/svg>\n$/s);
  });
});
