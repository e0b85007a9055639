/** The card of an image that a command made of others: what each of its programs answers beside the original. */
import type { Split } from '../data/part.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { difference } from '../evaluate/comparison.ts';
import { metadataAt, programName } from '../records/names.ts';
import type { ImageView } from '../records/view.ts';
import { nameOf } from '../sources/registry.ts';
import { counted } from '../system/counted.ts';
import { classNamesOf, type Task, type TaskData } from '../task/task.ts';
import { loadParts, type Measured, measure, type Network, type Parts } from './measure.ts';
import {
  bytesTable,
  caveatsOf,
  countsTable,
  interval,
  listOf,
  readingOf,
  reportedOf,
  splitSection,
  titleOf,
  wrapped,
} from './sections.ts';

/** A program of the image, and those of the controls that are for the same task. */
export interface MadeProgram {
  task: Task;
  data: TaskData;
  own: Network;
  controls: Network[];
}

/** A program with its figures, and how much better each split is answered than by each control. */
interface Judged extends MadeProgram {
  name: string;
  parts: Parts;
  figures: Measured;
  others: Measured[];
  /** per split a row of the table: macro-F1 less that of each control */
  less: Partial<Record<Split, string[]>>;
}

/** Scores every program beside its controls. Throws UsageError where recordings of a task are not at hand. */
export function judge({ task, data, own, controls }: MadeProgram): Judged {
  const parts = loadParts(data);
  const [figures, ...others] = [own, ...controls].map((network) => measure(network, parts, task, data)) as [
    Measured,
    ...Measured[],
  ];
  const less = Object.fromEntries(
    reportedOf(figures).map((split) => {
      const differences = others.map(({ answers }) => difference(answers[split]!, figures.answers[split]!));
      return [split, ['macro-F1 of the image less this', '', ...differences.map(interval)]];
    }),
  );
  return { task, data, own, controls, name: programName(own.view, own.program), parts, figures, others, less };
}

/** Markdown; `commands` are the one that made the image and the one that writes the card. */
export function madeCard(programs: readonly Judged[], commands: readonly [made: string, card: string]): string {
  const [image, ...controls] = imagesOf(programs);
  const view = programs[0]!.own.view;
  return `# ${titleOf(image.path)}

${wrapped(aboutOf(view))}

SHA-256 of the image: \`${image.sha256}\`

${commands.map((command) => `    ${command}`).join('\n')}

The first command makes the image again, byte for byte, on the same version of Node (this one: ${process.version}); the
second wrote this page. All figures are of packed images in the integer runtime.

## Bytes

${bytesTable([image, ...controls])}
${programs.length > 1 ? 'What programs share is there once, and they share the arena of the largest:' : 'Layers by what holds their weights:'}

${programsTable(view, programs)}
${programs.map(programSection).join('\n')}
## What to know

${listOf(notesOf(programs))}
`;
}

/** The image and all controls, each once. */
function imagesOf(programs: readonly Judged[]): [Measured, ...Measured[]] {
  const controls = new Map(programs.flatMap(({ others }) => others.map((other) => [other.path, other])));
  return [programs[0]!.figures, ...controls.values()];
}

/** What its programs are called, and how the metadata say that they came to be. */
function aboutOf(view: ImageView): string {
  const programs = view.programs.map((_, p) => programName(view, p));
  const cuts = programs.flatMap((name, p) => {
    const { pruned } = metadataAt(view.metadata(), p) as { pruned?: { at: string; auxiliary: string } };
    return pruned ? [`${name} was cut behind ${pruned.at}, with the auxiliary network ${pruned.auxiliary}.`] : [];
  });
  const generators = view.generators.map((generator) => nameOf(generator));
  const shared = [...new Set(generators)].map((kind) => counted(generators.filter((one) => one === kind).length, kind));
  return [
    `${counted(programs.length, 'program')}: ${programs.join(', ')}.`,
    ...(shared.length > 0 ? [`Their weights are made from ${shared.join(' and ')}, which they share.`] : []),
    ...cuts,
  ].join(' ');
}

/** Layers by what holds their weights, and RAM. */
function programsTable(view: ImageView, programs: readonly Judged[]): string {
  const heldBy = programs.map(({ own }) => {
    const counts = new Map<string, number>();
    for (const { source } of view.programs[own.program]!.operators) {
      const held = view.sources[source];
      if (!held) continue;
      const kind = nameOf(held);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return counts;
  });
  const kinds = [...new Set(heldBy.flatMap((counts) => [...counts.keys()]))].sort();
  return markdownTable(
    ['program', ...kinds.map((kind) => `layers, ${kind}`), 'arena (RAM)'],
    programs.map(({ name, figures }, i) => [
      name,
      ...kinds.map((kind) => `${heldBy[i]!.get(kind) ?? 0}`),
      figures.arenaBytes.toLocaleString('en-US'),
    ]),
    1,
  );
}

function programSection({ name, task, data, parts, figures, others, less }: Judged): string {
  const { group, about } = data.set;
  return `## ${name}

${wrapped(task.about)}

${about}

${countsTable(parts, classNamesOf(task))}
${readingOf(group, figures.results.later !== undefined)}

${reportedOf(figures)
  .map((split) => splitSection([figures, ...others], split, others.length > 0 ? [less[split]!] : []))
  .join('\n')}`;
}

/** Of every task once, with the name of its program where there are several. */
function notesOf(programs: readonly Judged[]): string[] {
  const several = programs.length > 1;
  const notes = programs.flatMap(({ name, task, figures, parts }) =>
    [...task.caveats, ...caveatsOf(figures, parts)].map((note) => (several ? `${name}: ${note}` : note)),
  );
  return [...new Set(notes)];
}
