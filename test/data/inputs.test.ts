/** Which images take windows of an ECG. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { testWindows } from '../../host/task/inputs.ts';
import { tinyModel } from '../boards/tinyImage.ts';

it('is ECG only what an image takes as raw samples, not any input of as many bytes', () => {
  const model = tinyModel();
  const [input, mixed] = model.programs[0].tensors;
  input.shape = [1, 160, 4];
  mixed.shape = [1, 160, 8];
  model.programs[0].operators.pop();
  model.programs[0].tensors.pop();
  model.programs[0].outputs = [1];
  const quantised = new Runtime(pack(model));
  const ecg = new Runtime(new Uint8Array(readFileSync('models/ecg-beats.htpw')));
  expect(quantised.inputBytes()).toBe(ecg.inputBytes());
  expect(testWindows(quantised, 1, 'synthetic-easy').name).toBe('random bytes');
  expect(testWindows(ecg, 1, 'synthetic-easy').name).toBe('Synthetic ECG, at rest');
});
