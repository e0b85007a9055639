/**
 * The images of a tailored library as C: a header with the sizes, inputs, outputs and labels of each, a source with its
 * bytes. One image has names of its own kind, HTPW_MODEL_BYTES; of several each has its file's in them,
 * HTPW_MODEL_ECG_BEATS_BYTES.
 */
import { ImageView } from '../records/view.ts';
import { type Port, type Ports, portsOf, shortest } from '../runtime/ports.ts';
import { type Requirements, requirementsOfAll } from './requirements.ts';

export interface TailoredModel {
  /** of its file */
  name: string;
  image: Uint8Array;
  /** of this image alone */
  needs: Requirements;
}

/** A model with what its names in C begin with. */
interface NamedModel extends TailoredModel {
  /** htpw_model, htpw_model_ecg_beats */
  array: string;
  /** HTPW_MODEL, HTPW_MODEL_ECG_BEATS */
  prefix: string;
  programs: Ports[];
  labels: string[] | null;
}

/** Functions of the Zephyr module, beside which a header may be included. */
const TAKEN: ReadonlyMap<string, string> = new Map(
  ['htpw_model_load', 'htpw_model_run'].map((name) => [name, 'the Zephyr module']),
);

/** A file's name as part of one in C: each run of other characters than letters and digits as one _. */
const identifierOf = (file: string): string => file.replace(/\.[^.]*$/, '').replaceAll(/[^A-Za-z0-9]+/g, '_');

/** Throws where two files would have one name in C. */
function named(models: readonly TailoredModel[]): NamedModel[] {
  const all = models.map((model) => {
    const own = models.length > 1 ? `_${identifierOf(model.name)}` : '';
    const programs = portsOf(new ImageView(model.image));
    const labels = programs.flatMap(({ outputs }) => outputs).find((output) => output.labels)?.labels ?? null;
    return { ...model, array: `htpw_model${own}`, prefix: `HTPW_MODEL${own.toUpperCase()}`, programs, labels };
  });
  const owners = new Map(TAKEN);
  for (const model of all) {
    for (const name of namesOf(model)) {
      const other = owners.get(name);
      if (other !== undefined)
        throw new Error(`${model.name}: would define ${name} in C, as ${other} does; rename one of them`);
      owners.set(name, model.name);
    }
  }
  return all;
}

/** Every name that a model's part of the header gives a meaning to. */
function namesOf(model: NamedModel): string[] {
  const macros = [...sizeLines(model), ...portLines(model), ...labelLines(model)].flatMap(
    (line) => /^#define (\w+)/.exec(line)?.[1] ?? [],
  );
  return [model.array, ...(model.labels ? [labelArray(model)] : []), ...macros];
}

/** Throws for images that cannot have names of their own, or are one and the same. */
export function assertNameable(models: readonly TailoredModel[]): void {
  for (const [i, { name, image }] of models.entries()) {
    const same = models.slice(0, i).find((other) => Buffer.from(other.image).equals(image));
    if (same) throw new Error(`${name}: expected another image than ${same.name}, got the same; name it once`);
  }
  named(models);
}

function sizeLines({ prefix, image, needs }: NamedModel): string[] {
  return [
    `#define ${prefix}_BYTES ${image.length}u`,
    `#define ${prefix}_ARENA_BYTES ${needs.arenaBytes}u`,
    `#define ${prefix}_INPUT_BYTES ${needs.inputBytes}u`,
    `#define ${prefix}_OUTPUT_BYTES ${needs.outputBytes}u`,
    ...streamLine(prefix, needs),
  ];
}

/** Of the state of a stream; none where no program can be streamed. */
const streamLine = (prefix: string, { streamBytes }: Requirements): string[] =>
  streamBytes > 0 ? [`#define ${prefix}_STREAM_BYTES ${streamBytes}u /* state of a stream, 4-byte aligned */`] : [];

const COMMENT = [
  '/*',
  ' * BYTES are of the image, those of arena, inputs and outputs the largest of any program; arena and image are',
  ' * 16-byte aligned. Of an input or output: real value = SCALE * (integer - ZERO_POINT). The first of a program has',
  ' * no number, others have theirs (INPUT1); so have programs (PROGRAM1_INPUT). LABELS is the length of the array of',
  ' * labels.',
  ' */',
];

function portLines({ prefix, programs, array, labels }: NamedModel): string[] {
  const name = (kind: string, index: number) => `${kind}${index || ''}`;
  return programs.flatMap((program, p) => {
    const start = p === 0 ? prefix : `${prefix}_PROGRAM${p}`;
    return [
      ...program.inputs.flatMap((port, i) => definitions(`${start}_${name('INPUT', i)}`, port)),
      ...program.outputs.flatMap((port, i) => [
        ...definitions(`${start}_${name('OUTPUT', i)}`, port),
        ...(labels && port.labels ? [`#define ${start}_${name('OUTPUT', i)}_LABELS ${array}_labels`] : []),
      ]),
    ];
  });
}

function definitions(name: string, { type, shape: [height, width, channels], scale, zeroPoint }: Port): string[] {
  return [
    `#define ${name}_TYPE ${type}_t`,
    `#define ${name}_HEIGHT ${height}`,
    `#define ${name}_WIDTH ${width}`,
    `#define ${name}_CHANNELS ${channels}`,
    Number.isFinite(scale) ? `#define ${name}_SCALE ${floatOf(scale)}` : `/* ${name} has no scale: ${scale} */`,
    `#define ${name}_ZERO_POINT ${zeroPoint < 0 ? `(${zeroPoint})` : zeroPoint}`,
  ];
}

/** A float constant that a C compiler reads as this very float. */
function floatOf(scale: number): string {
  const text = shortest(scale);
  return `${scale < 0 ? '(' : ''}${/[.e]/.test(text) ? text : `${text}.0`}f${scale < 0 ? ')' : ''}`;
}

const labelArray = ({ array }: NamedModel): string => `${array}_labels`;

const labelLines = ({ prefix, labels }: NamedModel): string[] =>
  labels ? [`#define ${prefix}_LABELS ${labels.length}`] : [];

/** A string of C, in ASCII; a ? might begin a trigraph. */
function quoted(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (/["\\?]/.test(character)) return `\\${character}`;
    return byte >= 32 && byte < 127 ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${bytes.join('')}"`;
}

/** For a comment: no end of it, and nothing that is not printed. */
const inComment = (name: string): string => name.replaceAll('*/', '* /').replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');

/** Names of files, for comments. */
export const listed = (models: readonly TailoredModel[]): string =>
  models.map(({ name }) => inComment(name)).join(models.length > 2 ? ', ' : ' and ');

export function modelHeader(models: readonly TailoredModel[]): string {
  const all = named(models);
  const needs = requirementsOfAll(models.map((model) => model.needs));
  const shared = [
    '',
    '/* For one arena, input and output in which the models take turns. */',
    `#define HTPW_MODELS_ARENA_BYTES ${needs.arenaBytes}u`,
    `#define HTPW_MODELS_INPUT_BYTES ${needs.inputBytes}u`,
    `#define HTPW_MODELS_OUTPUT_BYTES ${needs.outputBytes}u`,
    ...streamLine('HTPW_MODELS', needs),
  ];
  const [image, their] = models.length > 1 ? ['images', 'their'] : ['image', 'its'];
  return [
    `/* The ${image} ${listed(models)}, and what ${their} programs need. Generated: do not edit. */`,
    '#ifndef HTPW_MODEL_H',
    '#define HTPW_MODEL_H',
    '',
    '#include <stdint.h>',
    '',
    ...COMMENT,
    ...all.flatMap((model) => [
      '',
      ...(all.length > 1 ? [`/* ${inComment(model.name)} */`] : []),
      ...sizeLines(model),
      ...portLines(model),
      ...labelLines(model),
    ]),
    ...(all.length > 1 ? shared : []),
    '',
    '#ifdef __cplusplus',
    'extern "C" {',
    '#endif',
    ...all.flatMap((model) => [
      `extern const uint8_t ${model.array}[${model.prefix}_BYTES];`,
      ...(model.labels ? [`extern const char *const ${labelArray(model)}[${model.prefix}_LABELS];`] : []),
    ]),
    '#ifdef __cplusplus',
    '}',
    '#endif',
    '#endif',
    '',
  ].join('\n');
}

const PER_LINE = 24;

export function modelSource(models: readonly TailoredModel[]): string {
  const arrays = named(models).flatMap((model) => {
    const { array, prefix, image, labels } = model;
    const lines = [`const uint8_t ${array}[${prefix}_BYTES] __attribute__((aligned(16))) = {`];
    for (let at = 0; at < image.length; at += PER_LINE)
      lines.push(`  ${Array.from(image.subarray(at, at + PER_LINE), (byte) => `${byte},`).join('')}`);
    lines.push('};');
    if (labels)
      lines.push(
        '',
        `const char *const ${labelArray(model)}[${prefix}_LABELS] = {`,
        ...labels.map((label) => `  ${quoted(label)},`),
        '};',
      );
    return ['', ...lines];
  });
  const image = models.length > 1 ? 'images' : 'image';
  return [
    `/* The ${image} ${listed(models)}. Generated: do not edit. */`,
    '#include "htpw_model.h"',
    ...arrays,
    '',
  ].join('\n');
}
