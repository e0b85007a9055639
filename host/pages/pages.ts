/**
 * All pages, and parts of pages, that a program writes: functions of the records in bench/ and of what is in boards/,
 * models/ and the registries. `htpw pages` writes them, and a test holds every committed page to its function.
 */
import { routeTables } from '../measure/routeTables.ts';
import { sliceTables } from '../measure/sliceTables.ts';
import { boardTable, tickTable } from './boards.ts';
import { deployPage } from './deployments.ts';
import { asMarkdown } from './document.ts';
import {
  bytesDrawing,
  confusionDrawings,
  evidencePage,
  fourTasksDrawing,
  fourTasksSection,
  taskDrawing,
} from './evidence.ts';
import { mapDrawing } from './evidenceMap.ts';
import { floatTables } from './float.ts';
import { joinTables } from './join.ts';
import { librarySizes } from './librarySizes.ts';
import { operatorsPage } from './operators.ts';
import { paperTables } from './papers.ts';
import { pruneTables } from './prune.ts';
import type { Records } from './records.ts';
import { reliabilityTables } from './reliability.ts';
import { headlines, resultsChart, resultsPage } from './results.ts';
import { withExamples, withSection } from './sections.ts';
import { sourcesPage } from './sources.ts';
import { trainingSpeeds } from './training.ts';

export interface Page {
  /** relative to the project */
  path: string;
  /** the whole page; of one that is written by hand in part, `committed` with its sections renewed */
  render(records: Records, committed: string): string | Promise<string>;
}

/** A page that a program writes as a whole. */
const whole = (path: string, render: (records: Records) => string): Page => ({ path, render });

/** A page by hand, and what stands between its marks. */
const sections = (path: string, texts: (records: Records) => Record<string, string>): Page => ({
  path,
  render: (records, committed) =>
    Object.entries(texts(records)).reduce((page, [name, text]) => withSection(page, name, text), committed),
});

/** Of the grid pareto, some of which are in the grid four-tasks. */
const TASKS = ['ecg-beats', 'pvc', 'apnea', 'wisdm', 'uci-har', 'spoken-digits'];

/** A page of a registry is one line: whole('docs/operators.md', operatorsPage). */
export const PAGES: readonly Page[] = [
  sections('README.md', (records) => ({ headlines: headlines(records), boards: boardTable(records.boards) })),
  whole('docs/results.md', resultsPage),
  whole('docs/results.svg', resultsChart),
  whole('docs/evidence.md', (records) => asMarkdown(evidencePage(records))),
  whole('docs/evidence/map.svg', mapDrawing),
  whole('docs/evidence/bytes.svg', bytesDrawing),
  whole('docs/evidence/four-tasks.svg', fourTasksDrawing),
  ...TASKS.map((name) =>
    whole(`docs/evidence/${name}.svg`, ({ evidence }) =>
      taskDrawing(evidence.pareto.tasks.find(({ task }) => task === name)!),
    ),
  ),
  // empty, and so not there, until the answers are recorded
  ...[...TASKS, ...TASKS.map((name) => `shared-${name}`)]
    .map((name) => `evidence/confusion-${name}.svg`)
    .map((path) => whole(`docs/${path}`, (records) => confusionDrawings(records).get(path) ?? '')),
  sections('docs/sweeps.md', (records) => ({ 'four-tasks': fourTasksSection(records) })),
  whole('docs/deploy.md', ({ deploy }) => deployPage(deploy)),
  { path: 'docs/residency.md', render: ({ deploy }, committed) => withExamples(committed, deploy.examples) },
  sections('docs/reliability.md', ({ reliability }) => reliabilityTables(reliability)),
  sections('docs/workshop.md', ({ training }) => ({ speed: trainingSpeeds(training) })),
  sections('docs/papers.md', paperTables),
  sections('docs/prune.md', ({ prune }) => pruneTables(prune)),
  sections('docs/join.md', ({ join }) => joinTables(join)),
  sections('docs/import.md', ({ float }) => floatTables(float)),
  sections('docs/route.md', ({ route, slices }) => ({
    route: routeTables(route),
    slices: sliceTables(slices),
  })),
  sections('docs/c.md', ({ library }) => ({ sizes: librarySizes(library) })),
  sections('docs/protocol.md', ({ boards }) => ({ ticks: tickTable(boards) })),
  // loads the TypeScript compiler, which an installed package does not have
  { path: 'docs/api.md', render: async () => (await import('./api.ts')).apiPage() },
  whole('docs/operators.md', operatorsPage),
  whole('docs/sources.md', sourcesPage),
];
