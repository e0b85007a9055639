/** Figures and pages of what each byte buys: from records that are written here, and from those that are committed. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { measureEvidence } from '../../host/evidence/measure.ts';
import type { EvidenceRecord, Match, TaskEvidence } from '../../host/evidence/record.ts';
import { chosenForZoo } from '../../host/evidence/zoo.ts';
import { resultsHtml } from '../../host/pages/book.ts';
import { isSure } from '../../host/pages/differences.ts';
import { asMarkdown } from '../../host/pages/document.ts';
import {
  bytesDrawing,
  confusionDrawings,
  evidencePage,
  fourTasksDrawing,
  fourTasksSection,
  PARTS,
  taskDrawing,
} from '../../host/pages/evidence.ts';
import { mapDrawing } from '../../host/pages/evidenceMap.ts';
import { readRecords } from '../../host/pages/records.ts';
import { zooPage } from '../../host/pages/zoo.ts';
import { CATEGORIES } from '../../host/records/categories.ts';
import { keepAnswers, keepWindows, type LabelledWindows } from '../../host/sweep/answers.ts';
import { type Grid, type Run, readGrid } from '../../host/sweep/grid.ts';
import { formatted, type RunRecord, recordPath } from '../../host/sweep/record.ts';

const GROUPS = 12;
const EACH = 10;
const windows: LabelledWindows = {
  task: 'motion',
  data: 'synthetic-motion',
  split: 'test',
  classes: ['no', 'yes'],
  unit: 'window',
  group: 'subject',
  labels: Uint8Array.from({ length: GROUPS * EACH }, (_, i) => i % 2),
  groups: Array.from({ length: GROUPS * EACH }, (_, i) => `subject ${Math.floor(i / EACH)}`),
};

const pareto = readGrid('models/sweeps/pareto.json');
const decisive = readGrid('models/sweeps/decisive.json');
const fourTasks = readGrid('models/sweeps/four-tasks.json');
let folder: string;
let grid: Grid;
/** Of pairs on seeds 4 and 5, beside the grid. */
let again: Grid;

/** A record of one run, of whose answers to test windows the first `wrong` of each group are so. */
function keep(run: Run, bytes: number, validation: number, wrong: number, to = folder, judged = windows): void {
  const answers = windows.labels.map((label, i) => (i % EACH < wrong ? 1 - label : label));
  keepAnswers(to, run.id, [answers]);
  const name = keepWindows(to, judged);
  const results = run.programs.map((program) => ({
    program,
    splits: {
      validation: { windows: name, answersAt: 0, macroF1: { value: validation, low: 0, high: 1 } },
      test: { windows: name, answersAt: 0, macroF1: { value: 0, low: 0, high: 0 } },
    },
  }));
  const program = { own: bytes, arenaBytes: 1000, multiplyAccumulates: 2000 };
  const image = { sha256: '', bytes, categories: {}, programs: run.programs.map((name) => ({ name, ...program })) };
  const { id, method, seed, programs } = run;
  const record = { run: id, method, seed, programs, addOn: null, image, results };
  writeFileSync(recordPath(to, id), formatted(record as unknown as RunRecord));
}

const runOf = (method: string, program: string, seed = 1): Run =>
  grid.runs.find((run) => run.method === method && String(run.programs) === program && run.seed === seed)!;

const taskOf = ({ pareto }: EvidenceRecord, name: string): TaskEvidence =>
  pareto.tasks.find(({ task }) => task === name)!;

describe('what each byte buys', () => {
  let evidence: EvidenceRecord;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'evidence-'));
    grid = { ...pareto, records: folder };
    keep(runOf('teacher', 'pvc'), 37_000, 0.9, 1);
    keep(runOf('single.int8-w31', 'pvc'), 5400, 0.7, 3);
    keep(runOf('single.int4-w44', 'pvc'), 5800, 0.8, 2); // the best control within 8 kB, on validation windows
    keep(runOf('single.int2-w56', 'pvc'), 5700, 0.6, 0); // better on test windows, which must not choose
    keep(runOf('single.basis4-w44', 'pvc'), 6200, 0.7, 1);
    keep(runOf('single.tile-w50', 'pvc'), 5600, 0.7, 3);
    keep(runOf('single.basis4-w44', 'pvc', 2), 6200, 0.7, 1); // whose control has no second seed
    keep(runOf('yardstick', 'pvc'), 1_460_000, 0.9, 1);
    keep(runOf('shallow.shallow-w75', 'pvc'), 15_000, 0.2, 0);
    keep(runOf('shallow.shallow-w100', 'pvc'), 21_000, 0.95, 0); // the best of all, but trained in another way
    again = {
      name: 'decisive',
      path: decisive.path,
      records: mkdtempSync(join(tmpdir(), 'evidence-')),
      runs: ['basis4-w44', 'int4-w44'].flatMap((variant) =>
        [4, 5].map((seed) => {
          const method = `pvc.${variant}`;
          return { ...runOf(`single.${variant}`, 'pvc'), id: `${method}.s${seed}`, method, seed };
        }),
      ),
    };
    for (const run of again.runs) keep(run, 6000, 0.9, run.method === 'pvc.int4-w44' ? 3 : 1, again.records);
    evidence = measureEvidence({ pareto: grid, decisive: again, fourTasks });
  }, 60_000);

  it('says how many runs of the grid have no record', () => {
    expect(evidence.pareto).toMatchObject({ runs: grid.runs.length, missing: grid.runs.length - 10 });
    expect(asMarkdown(evidencePage({ evidence }))).toContain(
      `runs of the grid \`pareto\` ${grid.runs.length - 10} are`,
    );
  });

  it('chooses among networks that fit by validation windows alone', () => {
    const { choices } = taskOf(evidence, 'pvc');
    const within = choices.filter(({ budget }) => budget === 8000);
    const others = within.filter(({ control }) => control !== null);
    expect(within.map(({ variant }) => variant)).toContain('int4-w44');
    expect(others.map(({ control }) => control)).toEqual(others.map(() => 'int4-w44'));
  });

  it('compares generated weights with controls of no more bytes, on the seeds that both have', () => {
    const { matches } = taskOf(evidence, 'pvc');
    expect(matches.map(({ variant, control }) => [variant, control])).toEqual([
      ['tile-w50', 'int8-w31'],
      ['basis4-w44', 'int4-w44'],
    ]);
    const { seeds, interval } = matches[1]!.differences[0]!;
    expect(seeds).toEqual([1]);
    expect(interval.value).toBeCloseTo(0.1, 1);
  });

  it('is bold where the interval excludes 0, and there alone', () => {
    const page = asMarkdown(evidencePage({ evidence }));
    const map = page.slice(page.indexOf('beat, tie'), page.indexOf('## Small beside'));
    const rowOf = (name: string): string => map.split('\n').find((line) => line.includes(`\`${name}\``))!;
    expect(rowOf('basis4-w44')).toMatch(/\| beats \| +\*\*\+0\.099 \(\+0\.099 to \+0\.099\)\*\* \|/);
    expect(rowOf('tile-w50')).toMatch(/\| ties +\| +\+0\.000 \(\+0\.000 to \+0\.000\) \|/);
    expect(map).toContain('In 2 comparisons they beat the control in 1, tie in 1 and lose in 0.');
  });

  it('has pairs that exclude 0 again on seeds that nothing was chosen by, alone and with those before', () => {
    const [tile, basis] = taskOf(evidence, 'pvc').matches as [Match, Match];
    expect(tile.again).toEqual([]);
    const [{ fresh, all }, ...others] = basis.again as [Match['again'][number]];
    expect([fresh.seeds, all.seeds, others]).toEqual([[4, 5], [1, 4, 5], []]); // its control has no second seed
    expect(fresh.interval.value).toBeCloseTo(0.2, 2);
    expect(all.interval.value).toBeCloseTo((0.1 + 2 * 0.2) / 3, 2);
    const page = asMarkdown(evidencePage({ evidence }));
    const section = page.slice(page.indexOf('## Decisive pairs'), page.indexOf('## Small beside'));
    expect(section).toMatch(/with fresh seeds alone 1 have the\nsame sign, and 1 exclude 0; with all seeds 1 do/);
    expect(section).toMatch(/`basis4-w44`.*\*\*\+0\.099 .*\*\*\+0\.2.*\*\*\+0\.16.* 3 \|/);
    expect(section).not.toContain('tile-w50');
  });

  it('has a map of how often generated weights beat, tie and lose, with what is not recorded', () => {
    const page = asMarkdown(evidencePage({ evidence }));
    const map = page.slice(page.indexOf('## The map'), page.indexOf('## Where generated'));
    const cellsOf = (title: string): string[] =>
      map
        .split('\n')
        .find((line) => line.startsWith(`| ${title}`))!
        .split('|')
        .map((cell) => cell.trim());
    expect(cellsOf('one network alone').slice(3, 8)).toEqual(['1', '1', '0', '1', '1.05 x']); // 11,800 by 11,200 bytes
    expect(cellsOf('six tasks').slice(3, 9)).toEqual(['', '', '', '', '', expect.stringContaining('--only six')]);
    const drawing = mapDrawing({ evidence });
    expect(drawing).toContain('<g class="beats"><title>pvc test: basis4-w44: +0.099 (+0.099 to +0.099)');
    expect(drawing).toContain('<g class="ties"><title>pvc test: tile-w50: +0.000 (+0.000 to +0.000)');
  });

  it('has a confusion matrix of the best network within 16 kB, all seeds together', () => {
    const [{ method, classes, counts }, ...others] = evidence.pareto.confusions as [
      (typeof evidence.pareto.confusions)[number],
    ];
    expect([method, classes, others]).toEqual(['int4-w44', ['no', 'yes'], []]);
    // two of ten of each group are wrong, one of each label
    expect(counts).toEqual([
      [48, 12],
      [12, 48],
    ]);
    const drawing = confusionDrawings({ evidence }).get('evidence/confusion-pvc.svg');
    expect(drawing).toContain('no answered as yes: 12 of 60');
  });

  it('has what a small network keeps of the large one as a ratio, and beside it one that is trained as the large one', () => {
    const { kept } = taskOf(evidence, 'pvc');
    expect(kept.map(({ most, variant, ratios }) => [most, variant, ratios[0]!.interval.value])).toEqual([
      [16_000, 'int4-w44', expect.closeTo(0.8 / 0.9, 2)],
      [16_000, 'shallow-w75', expect.closeTo(1 / 0.9, 2)],
      [32_000, 'shallow-w100', expect.closeTo(1 / 0.9, 2)],
    ]);
  });

  it('knows what making weights takes: rows times columns times matrices, and the codes', () => {
    const { points } = taskOf(evidence, 'pvc');
    const macsOf = (name: string): number => points.find(({ variant }) => variant === name)!.makingMacs;
    // five layers of 14 to 56 channels, four matrices, a code of 4 through 12 hidden units for 8 rows
    const [widths, mlp] = [[14, 14, 28, 28, 56, 56], 12 * (4 + 4)];
    const mixed = widths.slice(1).reduce((sum, rows, i) => sum + rows * widths[i]! * 4 + Math.ceil(rows / 8) * mlp, 0);
    expect(macsOf('basis4-w44')).toBe(mixed);
    expect(macsOf('int4-w44')).toBe(0);
  });

  it('shows each byte of an image under one heading', () => {
    expect(PARTS.flatMap(([, categories]) => categories).toSorted()).toEqual([...CATEGORIES].toSorted());
  });

  it('refuses to pair runs that were judged on other windows', () => {
    const other = mkdtempSync(join(tmpdir(), 'evidence-'));
    for (const run of again.runs) keep(run, 6000, 0.9, 1, other, { ...windows, data: 'others' });
    const pair = () => measureEvidence({ pareto: grid, decisive: { ...again, records: other }, fourTasks });
    expect(pair).toThrow('pvc test: expected the same windows in all runs');
  });

  it('fills the zoo with the best image within each budget, and none of teachers or large networks', () => {
    expect(chosenForZoo(grid).map(({ name, budgets, run }) => [name, budgets, run.id])).toEqual([
      ['pvc-8kB', [8000, 16_000], 'single.int4-w44.pvc.s1'],
      ['pvc-32kB', [32_000, 64_000], 'shallow.shallow-w100.pvc.s1'],
    ]);
    const page = zooPage(chosenForZoo(grid));
    expect(page).toMatch(/\| pvc +\| 8, 16 +\| \[pvc-8kB\]\(pvc-8kB\.md\) +\| `single\.int4-w44` +\| +5,800 \|/);
  });

  it('is the same twice, byte by byte, and one HTML file that fetches nothing', () => {
    const twice = measureEvidence({ pareto: grid, decisive: again, fourTasks });
    expect(twice).toEqual(evidence);
    const records = readRecords();
    const html = resultsHtml({ ...records, evidence });
    expect(resultsHtml({ ...records, evidence: twice })).toBe(html);
    expect(html).not.toMatch(/<(script|link|img|iframe)|https?:\/\/(?!www\.w3\.org\/2000\/svg)|url\(/);
    expect(html).toContain('basis4-w44: 6,200 bytes');
  });

  it('without any record is a page that says so', () => {
    const empty = mkdtempSync(join(tmpdir(), 'evidence-'));
    const [pareto, twice, four] = [grid, again, fourTasks].map((one) => ({ ...one, records: empty })) as [
      Grid,
      Grid,
      Grid,
    ];
    const none = measureEvidence({ pareto, decisive: twice, fourTasks: four });
    expect(none.pareto.missing).toBe(grid.runs.length);
    const page = asMarkdown(evidencePage({ evidence: none }));
    for (const only of ['', ' --only pvc', ' --only yardstick', ' --only six'])
      expect(page).toContain(`Not recorded: \`npx htpw sweep models/sweeps/pareto.json${only}\``);
    expect(page).not.toContain('.svg');
    expect(fourTasksSection({ evidence: none })).toContain('`taught.learned` less `single.int4`: not recorded.');
    expect([...confusionDrawings({ evidence: none })]).toEqual([]);
    const drawings = [bytesDrawing, fourTasksDrawing, mapDrawing].map((draw) => draw({ evidence: none }));
    for (const drawing of [...none.pareto.tasks.map(taskDrawing), ...drawings])
      expect(drawing).not.toMatch(/NaN|Infinity|undefined/);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

/** Of the committed records. */
const measured = (): EvidenceRecord => JSON.parse(readFileSync('bench/evidence.json', 'utf8'));

describe('bench/evidence.json', () => {
  it('has no pair that excludes 0 and that the grid decisive does not run again', () => {
    const { tasks } = measured().pareto;
    const methods = new Set(decisive.runs.map(({ method }) => method));
    const missing = tasks.flatMap(({ task, facts, matches }) =>
      matches
        .filter(({ differences }) =>
          differences.some(({ split, interval }) => isSure(interval, facts.find((one) => one.split === split)!.groups)),
        )
        .flatMap(({ variant, control }) => [`${task}.${variant}`, `${task}.${control}`])
        .filter((method) => !methods.has(method)),
    );
    expect(missing).toEqual([]);
  });

  it('knows a pair that is run again by the names and configurations that it has in pareto', () => {
    for (const { method, configuration, seed, lesson, programs } of decisive.runs) {
      const [task, variant] = method.split('.') as [string, string?];
      const name = variant ? `single.${variant}` : 'teacher';
      const twin = pareto.runs.find((run) => run.method === name && String(run.programs) === String(programs))!;
      expect(task.replace('-teacher', ''), method).toBe(twin.programs[0]);
      expect(configuration, method).toEqual({ ...twin.configuration, seed });
      expect([lesson?.temperature, lesson?.weight], method).toEqual([twin.lesson?.temperature, twin.lesson?.weight]);
    }
  });

  it('is what the committed records give', () => {
    const now = measureEvidence({ pareto, decisive, fourTasks });
    expect(`${formatted(now)}\n`, 'out of date: run npm run results').toBe(readFileSync('bench/evidence.json', 'utf8'));
  });
});
