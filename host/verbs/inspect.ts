/** htpw inspect: what an image is made of, byte by byte, and what its programs need. */

import { type Command, Option } from 'commander';
import { columns } from '../drawing/columns.ts';
import { hexDump } from '../inspect/hexDump.ts';
import { type Inspection, inspect } from '../inspect/inspect.ts';
import { CATEGORIES } from '../records/categories.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { type Port, shortest } from '../runtime/ports.ts';
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
      program.operators.map((o, i) => [
        `  ${i}`,
        o.kind,
        o.output,
        o.weights ?? '',
        o.residency ?? '',
        o.branch ? `branch ${o.branch.branch} of ${o.branch.route}` : '',
      ]),
    );
    const ports = columns([...portRows('input', program.inputs), ...portRows('output', program.outputs)]);
    const { own, shared, with: others } = program.bytes;
    const names = others.map((other) => printable(result.programs[other].name, 40));
    const costs =
      result.programs.length > 1
        ? `\n  ${grouped(own)} B of its own, ${grouped(shared)} B shared${list(names)}, ${grouped(own + shared)} B alone`
        : '';
    return `\n${printable(program.name)}: arena ${grouped(program.arenaBytes)} B, input ${program.inputBytes} B, output ${program.outputBytes} B, ${(program.multiplyAccumulates / 1e6).toFixed(2)} M MAC, work ${grouped(program.work)}${costs}\n${ports}\n${operators}`;
  });
  return [
    `${result.file}: ${grouped(total)} bytes, SHA-256 ${result.sha256Matches ? 'matches' : 'DIFFERS'}`,
    columns([...categories, ['sum', sum, sum === total ? '= file' : 'NOT the file']]),
    ...(result.metadataError === null ? [] : [result.metadataError]),
    ...(result.programs.length > 1 ? [`\n${ownBytes(result.programs)}`] : []),
    ...programs,
  ].join('\n');
}

/** What each program has for itself, a column a program, at most COLUMNS. */
function ownBytes(programs: Inspection['programs']): string {
  const shown = programs.slice(0, COLUMNS);
  const names = CATEGORIES.filter((name) => shown.some(({ bytes }) => bytes.categories[name]));
  return columns([
    ['own bytes', ...shown.map(({ name }) => printable(name, 20))],
    ...names.map((name) => [name, ...shown.map(({ bytes }) => bytes.categories[name] ?? 0)]),
    ['sum', ...shown.map(({ bytes }) => bytes.own)],
  ]);
}

const COLUMNS = 8;

/** " with a, b and 3 others" */
function list(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.length === 0 ? '' : ` with ${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} others` : ''}`;
}

const NAMED = 4;

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
