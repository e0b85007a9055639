/** A network that was cut, on an emulated Cortex-M0. */
import { expect, it } from 'vitest';
import { verifyBoard } from '../../host/agent/verify.ts';
import { placeUnderBuild } from '../../host/build/placedImage.ts';
import { pack } from '../../host/image/pack.ts';
import { instructionsOf } from '../../host/measure/instructions.ts';
import { auxiliaryNamed } from '../../host/prune/auxiliary.ts';
import { cutsOf } from '../../host/prune/cuts.ts';
import { unlearnedBehind } from '../../host/prune/frozen.ts';
import { imageNetwork } from '../../host/prune/network.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { untrainedModel } from '../../host/train/index.ts';
import { configFor } from '../train/together.ts';

const BOARD = 'mps2-an385-m0';

it('computes what the WebAssembly does, layer by layer, in fewer instructions', { timeout: 300_000 }, async () => {
  const whole = pack(await untrainedModel(configFor('motion', { kind: 'int8' })));
  const network = imageNetwork(whole);
  const cut = cutsOf(network.model)[0]!;
  const image = network.packed(await unlearnedBehind(network, cut, auxiliaryNamed('dscnn4')!));
  const runtime = new Runtime(image).load();
  const windows = [1, 2].map((seed) =>
    Uint8Array.from({ length: runtime.inputBytes() }, (_, i) => (i * i * seed) & 255),
  );
  const { mismatchingBytes, mismatchingLayers } = await verifyBoard({
    imagePath: placeUnderBuild('motion-cut', image),
    image,
    board: BOARD,
    windows,
    reference: (input) => runtime.traceCrcs(input),
  });
  expect([mismatchingBytes, mismatchingLayers]).toEqual([0, 0]);
  expect(await instructionsOf(BOARD, 'motion-cut', image)).toBeLessThan(
    await instructionsOf(BOARD, 'motion-whole', whole),
  );
});
