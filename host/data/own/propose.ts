/**
 * From a look at a folder of recordings to a task and a training configuration: each choice with the reason for it, as
 * comments of the files that are written.
 */
import { counted } from '../../system/counted.ts';
import { fault } from '../formats/fault.ts';
import type { Look, LookedAt } from './look.ts';
import { SPLIT_NAMES, type SplitName } from './options.ts';
import { type Counts, splitGroups } from './splits.ts';

export interface Proposal {
  task: string;
  training: string;
  summary: Summary;
}

export interface ClassSummary {
  name: string;
  files: number;
  groups: number;
  seconds: number | null;
  windows: number;
  /** windows of each split */
  splits: Record<SplitName, number>;
}

export interface Summary {
  kind: Look['kind'];
  rate: number | null;
  channels: string[];
  /** positions */
  window: number;
  hop: number;
  classes: ClassSummary[];
}

/** Most positions that the front end of raw samples takes, and that a shape can have. */
const MOST_POSITIONS = 4096;

/** Hz of sound: speech is still understood, and higher rates take more room and time. */
const SOUND_RATE = 8000;

/** Hz from which the device makes log-mel features: below, speech has few of them. */
const LEAST_MEL_RATE = 4000;

/** Seconds of a window of log-mel features: a word, a knock, a call. */
const SOUND_SECONDS = 1;

/** Seconds of a frame, and from one to the next: speech stands still for so long. */
const [FRAME, STEP] = [0.03, 0.02];

/** Seconds: what recognition of activities commonly looks at (Banos et al. 2014: 1 to 2 s and more). */
const MOTION_SECONDS = 2.56;

/** `path`: of the recordings, from the task on. Throws UsageError where no split has windows of every class. */
export function propose(name: string, look: Look, path: string): Proposal {
  const window = windowOf(look);
  const counts = countWindows(look, window);
  const splits = splitGroups(counts, look.classes, look.options, look.options.path);
  const classes = look.classes.map((label, c) => summaryOf(look, label, c, counts, splits));
  const summary: Summary = {
    kind: look.kind,
    rate: window.rate,
    channels: look.channelNames,
    window: window.width,
    hop: window.hop,
    classes,
  };
  return { task: taskText(name, look, window, path), training: trainingText(name, summary), summary };
}

interface Window {
  width: number;
  hop: number;
  rate: number | null;
  short: 'refuse' | 'pad' | 'skip';
  why: string;
}

/** Length from rate and shortest recording. */
function windowOf(look: Look): Window {
  const { kind, shape, options } = look;
  if (shape) return { width: shape[1], hop: shape[1], rate: null, short: 'refuse', why: 'the windows of the file' };
  const rate = kind === 'wav' ? Math.min(look.rate!, SOUND_RATE) : look.rate;
  if (rate === null)
    throw fault(
      options.path,
      'expected a column of times, which tells the rate, got none that looks like it; name it "time" in the header',
    );
  const lengths = look.stretches.map((stretch) => positionsOf(stretch, kind, rate)).sort((a, b) => a - b);
  if (kind === 'wav' && rate >= LEAST_MEL_RATE) return soundWindow(lengths, rate);
  const median = lengths[lengths.length >> 1]!;
  const wanted = kind === 'wav' ? MOST_POSITIONS : Math.round(MOTION_SECONDS * rate);
  // a few short ones must not make all windows short
  const [shortest, tenth] = [lengths[0]!, lengths[Math.floor(lengths.length / 10)]!];
  const longest = shortest >= median / 2 ? shortest : Math.max(tenth, median / 4);
  const width = evened(Math.min(wanted, longest, MOST_POSITIONS));
  const isCut = options.label !== null; // stretches of labels that are short are left out in any case
  const seconds = (width / rate).toFixed(2);
  return {
    width,
    hop: Math.max(1, Math.floor(width / 2)),
    rate,
    short: shortest >= width ? 'refuse' : isCut ? 'skip' : 'pad',
    why: `${seconds} s: ${
      width < evened(wanted)
        ? `the shorter recordings have no more (the shortest ${shortest} positions)`
        : kind === 'wav'
          ? 'as much as the front end takes'
          : 'long enough for two steps or gestures'
    }`,
  };
}

/** Of a stretch in windows at this rate: only sound is brought to another one. */
function positionsOf({ length, seconds }: LookedAt, kind: Look['kind'], rate: number | null): number {
  if (kind !== 'wav' || seconds === null || rate === null) return length;
  return Math.floor(seconds * rate + 1e-6); // 3567 / 20 * 20 is less than 3567
}

/** As long as nine of ten recordings, so that a clip is whole in its window, and a second at most. `lengths` rise. */
function soundWindow(lengths: readonly number[], rate: number): Window {
  const most = Math.round(SOUND_SECONDS * rate);
  const common = lengths[Math.floor(0.9 * (lengths.length - 1))]!;
  const width = Math.max(evened(Math.min(most, common)), Math.ceil(FRAME * rate) + 1);
  const seconds = (width / rate).toFixed(2);
  return {
    width,
    hop: Math.floor(width / 2),
    rate,
    short: lengths[0]! >= width ? 'refuse' : 'pad',
    why: `${seconds} s: ${common > most ? 'long enough for a word' : 'nine of ten recordings are no longer'}`,
  };
}

/** Whole after three strides of two. */
const evened = (width: number): number => (width >= 64 ? Math.floor(width / 8) * 8 : Math.max(1, Math.floor(width)));

function countWindows({ kind, stretches, classes }: Look, { width, hop, rate, short }: Window): Counts {
  const counts: Counts = new Map();
  for (const stretch of stretches) {
    const some = counts.get(stretch.group) ?? classes.map(() => 0);
    some[classes.indexOf(stretch.label)]! += windowsIn(positionsOf(stretch, kind, rate), width, hop, short);
    counts.set(stretch.group, some);
  }
  return counts;
}

function windowsIn(positions: number, width: number, hop: number, short: string): number {
  if (positions < width) return short === 'pad' ? 1 : 0;
  return Math.floor((positions - width) / hop) + 1;
}

function summaryOf(
  { stretches }: Look,
  name: string,
  index: number,
  counts: Counts,
  splits: ReadonlyMap<string, SplitName>,
): ClassSummary {
  const own = stretches.filter(({ label }) => label === name);
  const unique = (what: (one: LookedAt) => string): number => new Set(own.map(what)).size;
  const windowsOf = (split: SplitName): number =>
    [...counts].reduce((sum, [group, some]) => sum + (splits.get(group) === split ? some[index]! : 0), 0);
  const windows = SPLIT_NAMES.map((split) => [split, windowsOf(split)] as const);
  const isTimed = own.every(({ seconds }) => seconds !== null);
  return {
    name,
    files: unique(({ file }) => file),
    groups: unique(({ group }) => group),
    seconds: isTimed ? own.reduce((sum, { seconds }) => sum + seconds!, 0) : null,
    windows: windows.reduce((sum, [, count]) => sum + count, 0),
    splits: Object.fromEntries(windows) as Record<SplitName, number>,
  };
}

// ---- the task

const js = (value: unknown): string => JSON.stringify(value);
const list = (values: readonly unknown[]): string => `[${values.map(js).join(', ')}]`;

function taskText(name: string, look: Look, window: Window, path: string): string {
  const { options, kind, classes, channelNames, shape } = look;
  const channels = kind === 'wav' ? 1 : channelNames.length;
  const input = inputOf(look, window);
  const rows = shape?.[0] ?? 1;
  const isResampled = kind === 'wav' && look.rates.some((rate) => rate !== window.rate);
  const lines = [
    ['path', js(path), 'from this file on'],
    ...(kind === 'arrays' ? [] : [['hop', `${window.hop}`, 'half a window: windows overlap, but never across splits']]),
    ...(options.columns ? [['columns', list(options.columns), 'the channels, in this order']] : []),
    ...(options.label === null ? [] : [['label', js(options.label), 'the column that says the class']]),
    ...(options.time
      ? [
          [
            'time',
            `{ "column": ${js(options.time.column)}, "unit": ${js(options.time.unit)} }`,
            'checked against the rate',
          ],
        ]
      : []),
    ...(kind === 'arrays' ? [] : [groupLine(options.group)]),
    ...(isResampled ? [['resample', 'true', `from ${look.rates.join(', ')} Hz to the rate of the input`]] : []),
    ...(window.short === 'pad' ? [['short', '"pad"', 'recordings shorter than a window end in silence']] : []),
    ['shares', '{ "validation": 0.2, "test": 0.2 }', 'of the windows, drawn by group; the rest is trained on'],
    ['seed', '1', 'of that draw: another one gives other splits'],
  ] as string[][];
  return `// What the device is given, and what it should answer. Made by htpw new from ${printableComment(path)}; edit as you like.
{
  "name": ${js(name)},
  "about": ${js(`${classes.join(', ')}: told apart by ${kind === 'wav' ? 'sound' : channelNames.join(', ')}.`)},
  "data": {
    "set": "folder",
    "options": {
${withComments(lines, 6)}
    }
  },
  "input": {
${withComments(
  [
    ['name', js(kind === 'wav' ? 'pcm' : 'signal'), ''],
    ['shape', `[${rows}, ${window.width}, ${channels}]`, `rows, positions, channels; ${window.why}`],
    ['type', js(input.type), input.whyType],
    ['scale', `${input.scale}`, input.whyScale],
    ...(window.rate === null ? [] : [['rate', `${window.rate}`, 'positions a second']]),
  ],
  4,
)}
  },
  // ${input.whyFrontEnd}
  "frontEnd": ${input.frontEnd},
  "classes": ${list(classes)},
  // what changes in the world and not in the class${kind === 'wav' ? ', loudness above all' : ''}; of training windows alone
  "augmentation": ${kind === 'wav' ? `{ "shift": ${Math.floor(window.width / 8)}, "noise": 0.2, "scale": 0.9 }` : '{ "noise": 0.05 }'}
}
`;
}

const groupLine = (group: string | null): string[] =>
  group === null
    ? [
        'group',
        'null',
        'each file is a group of its own; a pattern with a capture group, such as "/([^_]+)_", joins them',
      ]
    : ['group', js(group), 'whose a file is, out of its name: nobody is in two splits'];

const printableComment = (text: string): string => js(text).slice(1, -1);

/** One field a line, with its comment above where there is one. */
function withComments(lines: readonly string[][], indent: number): string {
  const blanks = ' '.repeat(indent);
  return lines
    .map(([field, value, comment], i) => {
      const line = `${blanks}${js(field)}: ${value}${i < lines.length - 1 ? ',' : ''}`;
      return comment === '' ? line : `${blanks}// ${comment}\n${line}`;
    })
    .join('\n');
}

/** Channels whose ranges are as far apart are in different units. */
const SAME_UNITS = 8;

/** Type, scale and front end: what becomes of a value on its way to the network. */
function inputOf({ kind, peaks }: Look, { rate }: Window) {
  if (kind === 'wav')
    return {
      type: 'i16',
      whyType: '16-bit samples, as converters and microphones give them',
      scale: 1 / 32768,
      whyScale: 'full scale is 1',
      ...(rate! >= LEAST_MEL_RATE ? melOf(rate!) : STANDARDIZED_SOUND),
    };
  const [least, most] = [Math.min(...peaks.filter((peak) => peak > 0)), Math.max(...peaks, Number.MIN_VALUE)];
  const whyScale = `a step; the largest value, ${Number(most.toPrecision(4))}, leaves a quarter of room`;
  if (kind === 'arrays' && most <= SAME_UNITS * least)
    return {
      type: 'i8',
      whyType: 'channels of one unit and alike in range: 8 bits do, and level and strength are kept',
      scale: niceAbove((1.25 * most) / 127),
      whyScale,
      frontEnd: '{ "kind": "none" }',
      whyFrontEnd: 'nothing stands before the network: integer = value / scale is what the firmware hands in',
    };
  const scale = niceAbove((1.25 * most) / 32767);
  const floor = Math.max(4, Math.round((FLOOR_SHARE * least) / scale));
  return {
    type: 'i16',
    whyType: 'raw samples: 16 bits hold small movements beside the largest',
    scale,
    whyScale,
    frontEnd: `{ "kind": "standardize", "floor": ${floor} }`,
    whyFrontEnd:
      'the device takes the mean of each channel out of each window, as people wear things in many ways, and its spread ' +
      'where that is above the floor, a twentieth of the largest value: below, how strong a movement is stays to be seen',
  };
}

/** Of the largest value of a channel: a spread below stays as it is. */
const FLOOR_SHARE = 1 / 20;

const STANDARDIZED_SOUND = {
  frontEnd: '{ "kind": "standardize", "floor": 32 }',
  whyFrontEnd: 'the device takes mean and loudness out of each window; 32 steps are quiet, and stay so',
};

/** As many bands as have a bin each of the transforms that frames of such rates take. */
function melOf(rate: number) {
  const bands = rate >= SOUND_RATE ? 32 : 20;
  const highest = Math.floor(0.475 * rate);
  const frames = `"frame": ${FRAME}, "step": ${STEP}, "bands": ${bands}, "lowest": 60, "highest": ${highest}`;
  return {
    frontEnd: `{ "kind": "log-mel", ${frames}, "floor": -60 }`,
    whyFrontEnd:
      'the device makes energies of bands, in dB: what ears tell sounds by, and little to learn from raw sound',
  };
}

/** 1, 2 or 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((one) => one * power >= value * (1 - 1e-9))!;
  return Number((factor * power).toPrecision(1));
}

// ---- the training configuration

/** How often the commonest class may be drawn for each window of the rarest. */
const MOST_OFTEN = 4;
/** Updates: enough for networks of these sizes, some minutes. */
const STEPS = 1500;
const BATCH = 32;
/** In an epoch: from so many on batches are twice as large, which takes less time. */
const MANY_WINDOWS = 10_000;
/** Times that a window is seen, varied otherwise each time. */
const [LEAST_EPOCHS, MOST_EPOCHS] = [10, 100];

function trainingText(name: string, { kind, rate, classes, window }: Summary): string {
  const counts = classes.map(({ splits }) => splits.train);
  const rarest = Math.min(...counts);
  const drawn = counts.map((count) => Math.min(count, MOST_OFTEN * rarest));
  const total = drawn.reduce((sum, count) => sum + count, 0);
  const isMel = kind === 'wav' && rate! >= LEAST_MEL_RATE;
  const stem = isMel ? { kernel: 5, stride: 1 } : { kernel: 7, stride: 2 };
  const positions = isMel ? Math.floor((window / rate! - FRAME) / STEP) + 1 : window;
  const windows = counts.reduce((sum, count) => sum + count, 0);
  const size = networkFor(windows, positions / stem.stride);
  const batch = Math.min(total < MANY_WINDOWS ? BATCH : 2 * BATCH, total);
  const stepsPerEpoch = Math.ceil(total / batch);
  const epochs = Math.min(Math.max(Math.round(STEPS / stepsPerEpoch), LEAST_EPOCHS), MOST_EPOCHS);
  const balance = classes.map((one, i) => `${js(one.name)}: ${drawn[i]}`);
  return `// How ${name} is trained: htpw train --config ${name}.train.json -o ${name}.htpw
{
  "name": ${js(name)},
  "task": ${js(`./${name}.task.json`)},
  "seed": 1,
  "network": {
    // ${size.why}
    "stem": { "channels": ${size.widths[0]}, "kernel": ${stem.kernel}, "stride": ${stem.stride} },
    "depthwiseKernel": 5,
    "widths": [${size.widths.join(', ')}],
    // the more positions, the larger the strides: few are left for the mean at the end
    "strides": [${size.strides.join(', ')}],
    // int8 loses nothing; int4 halves the bytes, and docs/design.md has what generated weights do
    "methods": { "pointwise": { "kind": "int8" } }
  },
  // about ${(epochs * stepsPerEpoch).toLocaleString('en-US')} updates
  "epochs": ${epochs},
  "batch": ${batch},
  // windows drawn per class and epoch: the commonest class ${MOST_OFTEN} times as often as the rarest at most
  "windowsPerEpoch": { ${balance.join(', ')} },
  "learningRate": 0.003,
  "codeRate": 3,
  "warmupSteps": ${Math.min(100, stepsPerEpoch)},
  "weightDecay": 0.01,
  "clip": 2
}
`;
}

/** Positions that are left for the mean at the end, at most. */
const MOST_LEFT = 32;

/** Blocks by number of windows, since a network can learn few windows by heart; strides by positions behind the stem. */
function networkFor(windows: number, positions: number): { widths: number[]; strides: number[]; why: string } {
  const widths = windows < 1000 ? [16, 24, 32, 32] : windows < 10_000 ? [24, 32, 48, 64] : [32, 64, 64, 128, 128];
  let left = positions;
  const strides = widths.map((_, block) => {
    const blocks = widths.length - block;
    const stride = left <= MOST_LEFT / 2 ? 1 : left > MOST_LEFT * 2 ** blocks ? 4 : 2;
    left /= stride;
    return stride;
  });
  return { widths, strides, why: `${counted(windows, 'window')} to train on: ${widths.length} blocks` };
}
