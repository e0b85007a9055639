/** What a header says of inputs and outputs, as a C program that prints it, and what it should print. */
import { readFileSync } from 'node:fs';
import { pack } from '../../host/image/pack.ts';
import { ImageView } from '../../host/records/view.ts';
import { portsOf } from '../../host/runtime/ports.ts';
import { ECG } from '../paths.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { ModelBuilder } from '../zoo.ts';

/** What ends a string, a comment or a line, and what is not ASCII. */
const HOSTILE_LABELS = ['a "quoted" \\ one', 'what??=', '*/ int evil;\n#error no', 'F\u00fc\u00dfe', '\u001b[31m'];

/** A network of five classes with these labels, and this scale of its input. */
export function labelled(seed: number, labels: unknown, scale?: number): Uint8Array {
  const model = new ModelBuilder(seed, [1, 4, 3]).fullyConnected(5).build();
  model.metadata = { name: 'labelled', labels: labels as string[] };
  if (scale !== undefined) model.programs[0].tensors[0].scale = scale;
  return pack(model);
}

function counting(labels: string[]): Uint8Array {
  const model = new ModelBuilder(1, [1, 4, 2]).fullyConnected(3).argmax().build();
  model.metadata = { name: 'counting', labels };
  return pack(model);
}

export const PORT_IMAGES: [name: string, image: Uint8Array][] = [
  ['ten programs', packTogether(shapeRows(1).slice(0, 10))],
  ['raw samples', new Uint8Array(readFileSync(ECG))],
  ['hostile labels', labelled(2, HOSTILE_LABELS)],
  ['too few labels', labelled(2, ['one'])],
  ['labels that are no text', labelled(2, [1, 2, 3, 4, 5])],
  ['labels of an argmax', counting(['a', 'b', 'c'])],
  ['a scale of many digits', labelled(2, [], Math.fround(1 / 3))],
  ['a scale that is whole', labelled(2, [], 2)],
  ['the smallest scale', labelled(2, [], 2 ** -149)],
  ['a large scale', labelled(2, [], Math.fround(1e38))],
  ['the largest scale', labelled(2, [], (2 - 2 ** -23) * 2 ** 127)],
];

type Name = (program: number, kind: 'input' | 'output', port: number, field: string) => string;

const FIELDS = ['height', 'width', 'channels', 'zero_point'];

/** `name`: of a constant of the header; `count`: of labels. */
export function portProgram(image: Uint8Array, header: string, name: Name, count: string): string {
  const lines = portsOf(new ImageView(image)).flatMap(({ inputs, outputs }, p) => {
    const line = (kind: 'input' | 'output', i: number, isLabelled: boolean) => {
      const of = (field: string) => name(p, kind, i, field);
      return [
        `  scale = ${of('scale')};`,
        '  memcpy(&bits, &scale, 4);',
        `  printf("%d %08x", (int)sizeof(${of('type')}), bits);`,
        ...FIELDS.map((field) => `  printf(" %d", ${of(field)});`),
        ...(isLabelled ? [`  for (int i = 0; i < ${count}; i++) printf(" %s", ${of('labels')}[i]);`] : []),
        '  printf("\\n");',
      ];
    };
    return [
      ...inputs.flatMap((_, i) => line('input', i, false)),
      ...outputs.flatMap(({ labels }, i) => line('output', i, labels !== null)),
    ];
  });
  const start = ['#include <stdio.h>', '#include <string.h>', `#include "${header}"`, 'int main(void) {'];
  return [...start, '  float scale;', '  unsigned bits;', ...lines, '  return 0;', '}', ''].join('\n');
}

/** What that program prints when the header is right. */
export function portLines(image: Uint8Array): string {
  const ports = portsOf(new ImageView(image)).flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  const lines = ports.map(({ type, shape, scale, zeroPoint, labels }) => {
    const [bits] = new Uint32Array(Float32Array.of(scale).buffer);
    const size = type === 'int8' ? 1 : 2;
    return [size, bits.toString(16).padStart(8, '0'), ...shape, zeroPoint, ...(labels ?? [])].join(' ');
  });
  return `${lines.join('\n')}\n`;
}
