/** Boards against the WASM, layer by layer: what agrees, and that a difference is found and named. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyBoard } from '../../host/agent/verify.ts';
import { counted, loadBoard } from '../../host/boards/board.ts';
import { buildRuntime } from '../../host/build/compile.ts';
import { pack } from '../../host/image/pack.ts';
import { importImage } from '../../host/import/import.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { canRun, RUNNABLE } from '../boards/runnable.ts';
import { imageFile, tinyWindow } from '../boards/tinyImage.ts';
import { htpw } from '../cli/command.ts';
import { schemaFaults } from '../cli/schemaFaults.ts';
import { tflite } from '../import/tflite.ts';
import { fileOf } from '../inputs/files.ts';
import { wakeWord } from '../states.ts';
import { ModelBuilder } from '../zoo.ts';
import { startAgent } from './startAgent.ts';

const imagePath = imageFile('verify');
const image = new Uint8Array(readFileSync(imagePath));
const windows = [0, 1, 2].map(tinyWindow);

describe('the translated runtime', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    await buildRuntime('scalar');
    runtime = new Runtime(image).load(0);
  }, 120_000);

  it.each(RUNNABLE.map(({ name }) => name).filter(canRun))(
    'gives the bytes of the WebAssembly on %s, layer by layer',
    { timeout: 120_000 },
    async (board) => {
      const result = await verifyBoard({
        imagePath,
        image,
        board,
        windows,
        reference: (input) => runtime.traceCrcs(input),
      });
      expect(result).toMatchObject({
        board,
        windows: 3,
        mismatchingBytes: 0,
        mismatchingLayers: 0,
        firstMismatch: null,
      });
      expect(result.stackUsed).toBeLessThanOrEqual(result.stackBytes);
    },
  );

  it.skipIf(!canRun('host'))(
    'goes on from one window to the next as the WebAssembly does, where a network keeps something',
    { timeout: 120_000 },
    async () => {
      const path = fileOf('wake.htpw', importImage(tflite(wakeWord()), 'wake').image);
      const { code, out, error } = await htpw('verify', path, '--board', 'host', '--windows', '12', '--json');
      expect(error).toBe('');
      expect([code, JSON.parse(out)]).toMatchObject([0, { windows: 12, mismatchingBytes: 0, mismatchingLayers: 0 }]);
      expect(schemaFaults('verify', out)).toEqual([]);
      expect(schemaFaults('build', (await htpw('build', 'host', '--model', path, '--json')).out)).toEqual([]);
    },
  );

  it.skipIf(!canRun('mps2-an500'))(
    'counts the same instructions in every run of the emulator',
    { timeout: 120_000 },
    async () => {
      const reference = (input: Uint8Array) => runtime.traceCrcs(input);
      const count = async () =>
        (await verifyBoard({ imagePath, image, board: 'mps2-an500', windows, reference })).instructionsPerInference;
      expect(await count()).toBe(await count());
    },
  );

  it.skipIf(!canRun('mps2-an500'))(
    'is found out when the reference differs, with the window and the operator',
    { timeout: 120_000 },
    async () => {
      const reference = (input: Uint8Array) => {
        const { output, layers } = runtime.traceCrcs(input);
        return {
          output: output.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
          layers: [layers[0], Number(layers[1]) ^ 1],
        };
      };
      const result = await verifyBoard({ imagePath, image, board: 'mps2-an500', windows, reference });
      expect(result).toMatchObject({
        mismatchingBytes: 3,
        mismatchingLayers: 3,
        firstMismatch: { window: 0, operator: 1 },
      });
    },
  );

  it.skipIf(!canRun('host'))(
    'is not compared where a later operator goes on writing the same tensor',
    { timeout: 120_000 },
    async () => {
      const b = new ModelBuilder(4, [1, 4, 8]).pointwise(8);
      const both = b.copy([1, 4, 16], { count: [1, 1, 4], inputStep: [0, 0, 8], outputStep: [0, 0, 16], run: 8 }).last;
      b.copy(both, { count: [1, 1, 4], inputStep: [0, 0, 8], outputStep: [0, 0, 16], run: 8, outputOffset: 8 }, 0);
      const concatenated = pack(b.fullyConnected(3).build());
      const here = new Runtime(concatenated).load();
      const input = b.input();
      expect(here.traceCrcs(input).layers.map((crc) => crc === null)).toEqual([false, true, false, false]);
      const reference = (window: Uint8Array) => {
        here.trace(window, () => {}); // leaves something else in the arena than a board has there
        return here.traceCrcs(window);
      };
      const result = await verifyBoard({
        imagePath: imageFile('concatenated', concatenated),
        image: concatenated,
        board: 'host',
        windows: [input],
        reference,
      });
      expect(result).toMatchObject({ mismatchingBytes: 0, mismatchingLayers: 0 });
    },
  );

  it.skipIf(!canRun('mps2-an385-m0'))(
    'is counted beyond the 167,772,160 instructions that 32 bits of the timer hold',
    { timeout: 240_000 },
    async () => {
      const b = new ModelBuilder(1, [32, 32, 1]);
      for (let layer = 0; layer < 12; layer++) b.pointwise(64);
      const large = pack(b.build());
      const path = imageFile('verify-large', large);
      const here = new Runtime(large).load();
      const input = b.input();
      const result = await verifyBoard({
        imagePath: path,
        image: large,
        board: 'mps2-an385-m0',
        windows: [input],
        reference: (window) => here.traceCrcs(window),
      });
      expect(result).toMatchObject({ mismatchingBytes: 0, mismatchingLayers: 0 });
      // each operator by itself stays below, so that their sum was right before
      const { agent } = await startAgent('mps2-an385-m0', path);
      try {
        await agent.load(0);
        const { ticks } = await agent.run(input);
        const profile = await agent.profile();
        const [next, again] = [profile.next.map(Number), profile.ticks];
        const sum = next.reduce((total, count) => total + count, 0);
        expect(Math.max(...next)).toBeLessThan(2 ** 32);
        expect(sum).toBeGreaterThan(2 ** 32);
        for (const whole of [ticks, again, (await agent.bench(2)).most]) {
          expect(Math.abs(whole / sum - 1)).toBeLessThan(0.001);
        }
        expect(result.instructionsPerInference).toBe(counted(loadBoard('mps2-an385-m0'), ticks));
      } finally {
        await agent.close();
      }
    },
  );

  it.skipIf(!canRun('microbit'))(
    'has no count where the only timer of a board went round, and says so',
    { timeout: 240_000 },
    async () => {
      const b = new ModelBuilder(1, [4, 8, 64]);
      const source = b.stored('int8', 64, 64);
      for (let layer = 0; layer < 250; layer++) b.pointwise(64, source);
      for (const operator of b.operators) if ('residency' in operator) operator.residency = 'flash';
      const large = pack(b.build(), { tables: 'compact' });
      const verified = verifyBoard({
        imagePath: imageFile('verify-round', large),
        image: large,
        board: 'microbit',
        windows: [b.input()],
        reference: (window) => new Runtime(large).load().traceCrcs(window),
      });
      await expect(verified).rejects.toThrow(/^agent: run [0-9a-f]+: its ticks are unknown: the counter went round/);
    },
  );
});
