/** One run of a grid: trained, packed, judged in the integer runtime, recorded. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '../data/part.ts';
import { DATA_SETS } from '../data/registry.ts';
import { remembered } from '../data/remembered.ts';
import { type Evaluation, evaluate } from '../evaluate/evaluate.ts';
import { predict } from '../evaluate/metrics.ts';
import { scoreWindows } from '../evaluate/scoring.ts';
import { packAddOn, packBehind } from '../image/addOn.ts';
import { pack } from '../image/pack.ts';
import { unpack } from '../image/unpack.ts';
import { inspect } from '../inspect/inspect.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { UsageError } from '../system/errors.ts';
import { readInput, writeWhole } from '../system/files.ts';
import { makeOnce } from '../system/once.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { shownPath } from '../system/shownPath.ts';
import { openTask } from '../task/task.ts';
import { type JointConfig, type TrainConfig, trainTogether } from '../train/index.ts';
import { keepAnswers, keepWindows, windowsOf } from './answers.ts';
import { codeVersion } from './code.ts';
import { configOf, type Grid, type Run } from './grid.ts';
import {
  failurePath,
  formatted,
  hasRecord,
  type ProgramResult,
  RESAMPLES,
  type RunRecord,
  readRecord,
  recordPath,
  type SplitResult,
} from './record.ts';

/** Where a sweep keeps what it makes. */
export interface Folders {
  records: string;
  images: string;
}

export type Report = (done: number, total: number, note: string) => void;

/** A training may take days; who holds its lock is dead when its process is. */
const LONGEST_MS = Number.POSITIVE_INFINITY;

/** Of all runs of this process. */
const SETS = remembered(DATA_SETS);

export const imagePath = ({ images }: Folders, run: string): string => join(images, `${run}.htpw`);

/**
 * Makes image, answers and record of a run where they are missing; of a run that is recorded already the image alone,
 * which must be the one that the record says. While another process is at it, waits for that one.
 */
export async function perform(grid: Pick<Grid, 'path'>, run: Run, folders: Folders, report: Report): Promise<void> {
  await codeVersion(); // before anything else may be committed
  const config = configOf(run, shownPath(grid.path));
  const record = recordPath(folders.records, run.id);
  const image = imagePath(folders, run.id);
  const makeBoth = async (temporary: string): Promise<void> => {
    const trained = await train(run, config, folders, report);
    writeWhole(image, trained.bytes);
    writeWhole(temporary, `${formatted(await recordOf(run, config, trained, folders, report))}\n`);
  };
  await makeOnce(record, makeBoth, LONGEST_MS);
  rmSync(failurePath(folders.records, run.id), { force: true });
  const makeImage = async (temporary: string): Promise<void> => {
    const { bytes, sha256 } = await train(run, config, folders, report);
    assertRecorded(sha256, run, folders);
    writeWhole(temporary, bytes);
  };
  await makeOnce(image, makeImage, LONGEST_MS);
}

function assertRecorded(sha256: string, { id }: Run, { records }: Folders): void {
  const expected = readRecord(records, id).image.sha256;
  if (sha256 !== expected)
    throw new Error(
      `${id}: expected an image of SHA-256 ${expected}, as its record says, got ${sha256}; ` +
        'take the versions of code and Node in the record, or remove it',
    );
}

interface TrainedImage {
  bytes: Uint8Array;
  sha256: string;
  addOn: RunRecord['addOn'];
  basis: RunRecord['basis'];
  training: RunRecord['training'];
}

async function train(run: Run, config: JointConfig, folders: Folders, report: Report): Promise<TrainedImage> {
  const base = run.basis === null ? null : baseOf(run.basis, folders);
  const taught = withTeachers(config, run, folders);
  const cpu = process.cpuUsage();
  const rates: number[] = [];
  const { model, report: said } = await trainTogether(taught, {
    basis: base?.generators,
    sets: SETS,
    later: run.splits?.includes('later') ?? true,
    onProgress: ({ step, steps, epoch, loss, samplesPerSecond }) => {
      rates.push(samplesPerSecond);
      report(step, steps, `epoch ${epoch} loss ${loss.toFixed(3)}`);
    },
  });
  const [{ tables }] = config.programs as [TrainConfig, ...TrainConfig[]];
  const bytes = base ? packBehind(base.view, model, tables) : pack(model, { tables });
  const { user, system } = process.cpuUsage(cpu);
  const addOn = base && packAddOn(model, base.generators.length, tables);
  return {
    bytes,
    sha256: sha256Hex(bytes),
    addOn: addOn && { sha256: sha256Hex(addOn), bytes: addOn.length },
    basis: base && { run: run.basis!, sha256: base.sha256 },
    training: {
      seconds: Math.round(said.seconds),
      cpuSeconds: Math.round((user + system) / 1e6),
      windowsPerSecond: Math.round(rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0)),
    },
  };
}

/** Each program with the image that teaches it. */
function withTeachers({ name, programs }: JointConfig, { lesson }: Run, folders: Folders): JointConfig {
  if (!lesson) return { name, programs };
  const { teachers, temperature, weight } = lesson;
  const taught = programs.map((program) => {
    const distillation = { teachers: [imagePath(folders, teachers[program.name]!)], temperature, weight };
    return { ...program, distillation };
  });
  return { name, programs: taught };
}

function baseOf(run: string, folders: Folders) {
  const bytes = readInput(imagePath(folders, run));
  const view = new ImageView(bytes);
  return { view, sha256: sha256Hex(bytes), generators: unpack(view).model.generators };
}

async function recordOf(
  run: Run,
  config: JointConfig,
  { bytes, sha256, addOn, basis, training }: TrainedImage,
  folders: Folders,
  report: Report,
): Promise<RunRecord> {
  const view = new ImageView(bytes);
  const runtime = new Runtime(bytes, FASTEST);
  const { categories, programs } = inspect(run.id, view, runtime);
  const first = programs.length - config.programs.length; // behind those of the basis
  const answers: Uint8Array[] = [];
  const results = config.programs.map((program, i) =>
    resultOf(runtime.load(first + i), program, run, folders, answers, (split) =>
      report(i, config.programs.length, `${program.name} ${split}`),
    ),
  );
  keepAnswers(folders.records, run.id, answers);
  return {
    run: run.id,
    method: run.method,
    seed: run.seed,
    programs: run.programs,
    data: run.data,
    basis,
    lesson: run.lesson,
    configuration: run.configuration,
    code: await codeVersion(),
    training,
    image: {
      sha256,
      bytes: bytes.length,
      categories,
      programs: programs.map(({ name, bytes, arenaBytes, multiplyAccumulates }) => ({
        name,
        ...bytes,
        arenaBytes,
        multiplyAccumulates,
      })),
    },
    addOn,
    results,
  };
}

/** The splits of the run, or every one but that which was trained on; `answers` gets those of each. */
function resultOf(
  runtime: Runtime,
  { name, task, data }: TrainConfig,
  { splits: wanted }: Run,
  { records }: Folders,
  answers: Uint8Array[],
  report: (split: Split) => void,
): ProgramResult {
  const { set, load } = openTask(task, { data, sets: SETS });
  const scored = (split: Split) => {
    report(split);
    const part = load(split);
    return { part, ...scoreWindows(runtime, part) };
  };
  const validation = scored('validation');
  const splits: ProgramResult['splits'] = {};
  for (const split of wanted ?? set.splits.filter((split) => split !== 'train')) {
    const { part, ...scores } = split === 'validation' ? validation : scored(split);
    const { unit, group } = set;
    const result = evaluate({
      ...scores,
      classNames: part.classNames,
      ...(split !== 'validation' && { validation }),
      metrics: task.metrics,
      bootstrap: { resamples: RESAMPLES },
    });
    const windows = keepWindows(records, windowsOf(part, { task: task.name, data: set.name, split, unit, group }));
    const answersAt = answers.reduce((sum, { length }) => sum + length, 0);
    answers.push(Uint8Array.from(predict(scores.scores, part.classNames.length, [...part.classNames.keys()])));
    splits[split] = { windows, answersAt, ...figuresOf(result) };
  }
  return { program: name, task: task.name, data: set.name, splits };
}

function figuresOf(result: Evaluation): Omit<SplitResult, 'windows' | 'answersAt'> {
  const { n, groups, macroF1, balancedAccuracy, auc, accuracy, among, versusRest, perClass } = result;
  const f1 = Object.fromEntries(perClass.map(({ name, f1 }) => [name, f1]));
  return { n, groups, macroF1, balancedAccuracy, auc, accuracy, among, versusRest, f1 };
}

/** Throws UsageError where a record is of another configuration than the grid says now. */
export function assertSame(run: Run, folders: Folders): void {
  if (hasRecord(folders.records, run.id) && !isOf(run, readRecord(folders.records, run.id)))
    throw new UsageError(
      `${shownPath(recordPath(folders.records, run.id))}: expected the record of what the grid says, got one of another ` +
        'configuration; remove it, or give the series another name',
    );
}

/** What a record repeats of its run. */
type Asked = Pick<RunRecord, 'configuration' | 'data' | 'programs' | 'lesson'>;

/** Whether a record is of what the grid says of the run. */
export function isOf(run: Run, record: Partial<Asked>): boolean {
  const said = ({ configuration, data, programs, lesson }: Partial<Asked>): string =>
    JSON.stringify([configuration, data, programs, lesson]);
  return said(record) === said(run);
}
