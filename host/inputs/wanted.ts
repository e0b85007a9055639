/** What a program takes, as the readers of this folder are told it, and what they give back. */
import type { Signal } from '../data/signal.ts';
import type { Port } from '../runtime/ports.ts';
import { grouped } from '../system/grouped.ts';

/** What decides how a file becomes inputs; options of verbs. */
export interface ReadOptions {
  /** Hz, of recordings; null where neither the image nor the user says it */
  rate: number | null;
  /** whether recordings of other rates are brought to that one */
  resample: boolean;
  /** what becomes of recordings that are shorter than an input */
  short: 'refuse' | 'pad' | 'skip';
  /** a regular expression with a capture group: whose a file of a folder is, from its path; null: a file is a group */
  group: string | null;
  /** what black and white are as real values; null: what the range of the input says */
  pixels: PixelRange | null;
  /** whether pictures of other sizes are brought to that of the input */
  resize: boolean;
}

export const PIXEL_RANGES = ['0..255', '0..1', '-1..1'] as const;
export type PixelRange = (typeof PIXEL_RANGES)[number];

export const DEFAULTS: ReadOptions = {
  rate: null,
  resample: false,
  short: 'refuse',
  group: null,
  pixels: null,
  resize: false,
};

/** The single input that files other than raw ones are read for, and how. */
export interface Wanted {
  port: Port;
  options: ReadOptions;
}

/** Inputs as the program takes them, in the order of their files and places in these. */
export interface InputSet {
  /** [n] bytes of all inputs of the program */
  inputs: Uint8Array[];
  /** [n] as the data call it; null where they say nothing */
  labels: string[] | null;
  /** [n] whose each is; null where nothing says it */
  groups: string[] | null;
  /** [n] where each is from: a file, and a place in it */
  names: string[];
  /** what a reader of the figures should know, a sentence each */
  notes: string[];
}

/** Values of one input. */
export const valuesOf = ({ shape: [height, width, channels] }: Pick<Port, 'shape'>): number =>
  height * width * channels;

/** "490 values (49 x 10 x 1)" */
export const described = (port: Pick<Port, 'shape'>): string =>
  `${grouped(valuesOf(port))} values (${port.shape.join(' x ')})`;

/** The input as recordings are cut for it: time along the width, or the height where the width is 1. */
export function signalOf({ port, options }: Wanted): Signal {
  const [height, width, channels] = port.shape;
  return {
    name: 'input',
    shape: width === 1 ? [1, height, channels] : [height, width, channels],
    type: port.type === 'int16' ? 'i16' : 'i8',
    scale: port.scale,
    zeroPoint: port.zeroPoint,
    rate: options.rate,
    event: null,
  };
}

/** Sets one after another; labels and groups only where every set has them. */
export function joinSets(sets: readonly InputSet[]): InputSet {
  const all = <K extends 'labels' | 'groups'>(key: K): string[] | null =>
    sets.every((set) => set[key] !== null) ? sets.flatMap((set) => set[key]!) : null;
  return {
    inputs: sets.flatMap(({ inputs }) => inputs),
    labels: all('labels'),
    groups: all('groups'),
    names: sets.flatMap(({ names }) => names),
    notes: [...new Set(sets.flatMap(({ notes }) => notes))],
  };
}
