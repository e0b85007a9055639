/** On an emulated Cortex-M7, programs on shared codebooks switch at random and answer as in the WASM, from a used arena. */
import { describe, expect, it } from 'vitest';
import { onBoard } from '../../host/agent/session.ts';
import { loadBoard } from '../../host/boards/board.ts';
import { placeUnderBuild } from '../../host/build/placedImage.ts';
import { joinPrograms } from '../../host/join/programs.ts';
import { packJoined, shareCodebooks } from '../../host/join/share.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { Random } from '../../host/system/random.ts';
import { canRun } from '../boards/runnable.ts';
import { inputsOf, networksOf } from './networks.ts';

const BOARD = 'mps2-an500';

describe.skipIf(!canRun(BOARD))('programs on shared codebooks', () => {
  it('answer after each of 1,000 random switches as if loaded fresh', { timeout: 600_000 }, async () => {
    const packed = (parts: Parameters<typeof joinPrograms>[0]) => packJoined(joinPrograms(parts, 'all'));
    const sizes = [4, 2].map((length) => ({ entries: 256, length }));
    const joined = shareCodebooks(networksOf('a', 'b', 'c'), sizes, {}, packed);
    const image = packed(joined.map(({ unpacked }) => unpacked));
    const inputs = inputsOf(7, 20);
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const fresh = joined.map((_, p) => inputs.map((input) => hex(new Runtime(image).load(p).run(input))));
    const random = new Random(3);
    const wrong = await onBoard(loadBoard(BOARD), placeUnderBuild('switches', image), async (agent) => {
      let count = 0;
      for (let i = 0; i < 1000; i++) {
        const [p, sample] = [random.below(joined.length), random.below(inputs.length)];
        await agent.load(p);
        const { output } = await agent.run(inputs[sample]!);
        if (hex(output) !== fresh[p]![sample]) count++;
      }
      await agent.weights();
      return count;
    });
    expect(wrong).toBe(0);
  });
});
