/** What has become of an imported .tflite model, and what leaving out its dead channels has saved. */
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import type { Imported } from '../import/import.ts';
import type { Port } from '../import/live.ts';
import { macs } from '../model/weights.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';

type WithImage = Imported & { image: Uint8Array };

export type ImportSummary = ReturnType<typeof summaryOf>;
export type Removal = ReturnType<typeof removal>;

/** What an import gave: sizes, ports with what the file has there, operators with where they come from. */
export function summaryOf(
  model: string,
  output: string,
  tables: string,
  { image, model: { programs }, origins, folded, inputs, outputs }: WithImage,
) {
  const runtime = new Runtime(image); // proves it
  const [{ operators, tensors }] = programs;
  const ports = (list: Port[], indices: number[]) =>
    list.map(({ type }, i) => {
      const { name, shape, scale, zeroPoint } = tensors[indices[i]];
      return { name, shape, scale, zeroPoint, fileType: type };
    });
  return {
    model,
    output,
    bytes: image.length,
    tables,
    exact: tables === 'q31',
    arenaBytes: runtime.arenaBytes(),
    categories: bytesByCategory(regionsOf(new ImageView(image))),
    inputs: ports(inputs, programs[0].inputs),
    outputs: ports(outputs, programs[0].outputs),
    operators: operators.map(({ kind, output: tensor }, i) => ({
      kind,
      output: tensors[tensor].shape,
      ...origins[i],
    })),
    folded,
  };
}

/** What leaving out dead channels has changed, `from` and `to`. */
export function removal(left: WithImage, whole: WithImage) {
  const change = (measure: (imported: WithImage) => number) => ({ from: measure(whole), to: measure(left) });
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
  return {
    channels: change(({ model }) =>
      sum(model.programs[0].operators.map((operator) => ('source' in operator ? operator.bias.length : 0))),
    ),
    weights: change(({ model }) => sum(model.sources.map(({ rows, rowLength }) => rows * rowLength))),
    macs: change(({ model }) => macs(model)),
    imageBytes: change(({ image }) => image.length),
    arenaBytes: change(({ image }) => new Runtime(image).arenaBytes()),
  };
}
