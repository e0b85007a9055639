/** htpw inspect: what an image is made of, byte by byte, and what its programs need. */

import { type Command, Option } from 'commander';
import { SECTION_TRAILER, TLV_HEADER_BYTES, TYPE_I16 } from '../../assembly/format.ts';
import { columns } from '../drawing/columns.ts';
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import { digest } from '../image/seal.ts';
import { sourceMacs } from '../model/weights.ts';
import { OPERATOR_NAMES } from '../operators/registry.ts';
import { ImageView, RESIDENCY_NAMES, type TensorView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { type Port, shortest } from '../runtime/ports.ts';
import { sourceKind } from '../sources/registry.ts';
import { grouped } from '../system/grouped.ts';
import { printable } from '../system/printable.ts';
import { readImage } from './image.ts';
import { harmless, print } from './verb.ts';

export function inspectVerb(program: Command): void {
  program
    .command('inspect <image>')
    .summary('every byte of an image by what it is for')
    .description(
      'Prove an image with the runtime, then show its bytes by category, its programs, their memory and their ports.',
    )
    .addOption(new Option('--hex', 'annotated hex dump of the whole file').conflicts('json'))
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw inspect models/ecg-beats.htpw\n  htpw inspect models/ecg-beats.htpw --hex | less',
    )
    .action((path: string, options: { hex?: boolean; json?: boolean }) => {
      const bytes = readImage(path);
      const runtime = new Runtime(bytes);
      const view = new ImageView(bytes);
      if (options.hex) return console.log(harmless(hexDump(view)));
      const result = inspect(path, view, runtime);
      print(options.json, result, () => render(result));
    });
}

type Inspection = ReturnType<typeof inspect>;

function inspect(file: string, view: ImageView, runtime: Runtime) {
  const { metadata, unreadable } = metadataOf(view);
  const trailer = view.section(SECTION_TRAILER);
  const stored = view.bytes.subarray(trailer.offset + TLV_HEADER_BYTES, trailer.offset + trailer.size);
  return {
    file,
    bytes: view.bytes.length,
    categories: bytesByCategory(regionsOf(view)),
    programs: view.programs.map((program, p) => ({
      name: p === 0 && typeof metadata.name === 'string' ? metadata.name : `program ${p}`,
      arenaBytes: runtime.arenaBytes(p),
      inputBytes: runtime.inputBytes(p),
      outputBytes: runtime.outputBytes(p),
      /** units of docs/reliability.md */
      work: runtime.work(p),
      ...runtime.portsOf(p),
      multiplyAccumulates: program.operators.reduce((sum, operator) => {
        const source = view.sources[operator.source];
        return source ? sum + sourceMacs(program.tensors[operator.output], source) : sum;
      }, 0),
      operators: program.operators.map((operator) => ({
        kind: OPERATOR_NAMES[operator.kind],
        output: shape(program.tensors[operator.output]),
        weights: operator.source in view.sources ? weights(view, operator.source) : null,
        residency: operator.source in view.sources ? RESIDENCY_NAMES[operator.residency] : null,
      })),
    })),
    metadata,
    metadataError: unreadable,
    sha256: Buffer.from(stored).toString('hex'),
    sha256Matches: Buffer.from(digest(view.bytes, trailer.offset)).equals(Buffer.from(stored)),
  };
}

/** The device never reads it, so an image whose metadata cannot be read is shown all the same. */
function metadataOf(view: ImageView): { metadata: Record<string, unknown>; unreadable: string | null } {
  try {
    return { metadata: view.metadata(), unreadable: null };
  } catch (error) {
    return { metadata: {}, unreadable: (error as Error).message };
  }
}

function shape({ height, width, channels, type }: TensorView): string {
  return `${height}x${width}x${channels} ${type === TYPE_I16 ? 'i16' : 'i8'}`;
}

function weights(view: ImageView, index: number): string {
  const source = view.sources[index];
  return `${source.rows}x${source.rowLength} ${sourceKind(source).describe(source)}`;
}

function render(result: Inspection): string {
  const total = result.bytes;
  const categories = Object.entries(result.categories).map(([name, bytes]) => [
    name,
    bytes,
    `${((100 * bytes) / total).toFixed(1)} %`,
  ]);
  const sum = Object.values(result.categories).reduce((a, b) => a + b, 0);
  const programs = result.programs.map((program) => {
    const operators = columns(
      program.operators.map((o, i) => [`  ${i}`, o.kind, o.output, o.weights ?? '', o.residency ?? '']),
    );
    const ports = columns([...portRows('input', program.inputs), ...portRows('output', program.outputs)]);
    return `\n${printable(program.name)}: arena ${grouped(program.arenaBytes)} B, input ${program.inputBytes} B, output ${program.outputBytes} B, ${(program.multiplyAccumulates / 1e6).toFixed(2)} M MAC, work ${grouped(program.work)}\n${ports}\n${operators}`;
  });
  return [
    `${result.file}: ${grouped(total)} bytes, SHA-256 ${result.sha256Matches ? 'matches' : 'DIFFERS'}`,
    columns([...categories, ['sum', sum, sum === total ? '= file' : 'NOT the file']]),
    ...(result.metadataError === null ? [] : [result.metadataError]),
    ...programs,
  ].join('\n');
}

/** One line for each port; real value = scale * (integer - zero point). */
function portRows(name: string, ports: readonly Port[]): string[][] {
  return ports.map(({ shape, type, scale, zeroPoint, labels }, i) => [
    `  ${name}${ports.length > 1 ? ` ${i}` : ''}`,
    `${shape.join('x')} ${type}`,
    `scale ${shortest(scale)}`,
    `zero point ${zeroPoint}`,
    labels ? `labels ${printable(labels.join(', '), 200)}` : '',
  ]);
}

/** Each region with its category and meaning, then its bytes, 16 to a line. */
function hexDump(view: ImageView): string {
  const lines: string[] = [];
  for (const { offset, bytes, category, label } of regionsOf(view)) {
    lines.push(`\n${category}: ${label} (${bytes} bytes)`);
    for (let at = offset; at < offset + bytes; at += 16) {
      const row = view.bytes.subarray(at, Math.min(at + 16, offset + bytes));
      const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
      const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
      lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text}`);
    }
  }
  return lines.join('\n').trimStart();
}
