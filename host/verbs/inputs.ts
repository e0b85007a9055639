/** Inputs of a network as verbs read them, from whatever files a person has, and the options that decide how. */
import type { Command } from 'commander';
import { readInputSet } from '../inputs/read.ts';
import { DEFAULTS, type InputSet, PIXEL_RANGES, type PixelRange, type ReadOptions } from '../inputs/wanted.ts';
import { metadataAt } from '../records/names.ts';
import { ImageError, type ImageView } from '../records/view.ts';
import type { Port } from '../runtime/ports.ts';
import { noteMark } from './color.ts';
import { oneOf, type Value, valued, wholeNumber } from './options.ts';
import { harmless } from './verb.ts';

/** What a verb that takes inputs says of them. */
export const INPUTS = '.npy, .npz, CSV, WAV, PNG, JPEG or raw tensors, a file or a folder of them';

export interface InputFlags {
  rate?: number;
  resample?: true;
  short?: ReadOptions['short'];
  group?: string;
  pixels?: PixelRange;
  resize?: true;
}

/** The options of every verb that takes inputs. */
export function withInputOptions(command: Command): Command {
  return command
    .addOption(valued('--rate <Hz>', 'of sound, where the image does not say it', wholeNumber(1, 10_000_000)))
    .option('--resample', 'bring sound of other rates to that one')
    .addOption(
      valued(
        '--short <what>',
        'what becomes of recordings that are shorter than the input: refuse, pad or skip',
        oneOf(['refuse', 'pad', 'skip']),
      ),
    )
    .addOption(
      valued('--group <regexp>', 'whose a file of a folder is: the capture group of this in its path', CAPTURE),
    )
    .addOption(
      valued(
        '--pixels <range>',
        `what black..white are, ${PIXEL_RANGES.join(', ')}; default: what the range of the input says`,
        oneOf(PIXEL_RANGES),
      ),
    )
    .option('--resize', 'bring pictures to the size of the input');
}

const CAPTURE: Value<string> = {
  expected: 'a regular expression with one capture group, as in "^[^/]+/([^_]+)_"',
  read(text) {
    try {
      return new RegExp(`${text}|`, 'u').exec('')!.length === 2 ? text : undefined;
    } catch {
      return undefined;
    }
  },
};

/** What the flags say, and of the rate else the metadata of the program. */
export const readOptions = (flags: InputFlags, metadata: Record<string, unknown>): ReadOptions => ({
  ...DEFAULTS,
  ...(flags.short && { short: flags.short }),
  ...(flags.group && { group: flags.group }),
  ...(flags.pixels && { pixels: flags.pixels }),
  resample: flags.resample ?? false,
  resize: flags.resize ?? false,
  rate: flags.rate ?? (typeof metadata.sampleRate === 'number' ? metadata.sampleRate : null),
});

/** The metadata of a program; none where they cannot be read. */
export function metadataOf(view: ImageView, program: number): Record<string, unknown> {
  try {
    return metadataAt(view.metadata(), program);
  } catch (error) {
    if (error instanceof ImageError) return {};
    throw error;
  }
}

/** Inputs of `ports`, all of them; what a reader of the result should know goes to stderr. Throws UsageError. */
export function readInputs(
  path: string,
  ports: readonly Port[],
  flags: InputFlags = {},
  metadata: Record<string, unknown> = {},
): InputSet {
  const set = readInputSet(path, ports, readOptions(flags, metadata));
  for (const note of set.notes) console.error(`${noteMark()} ${harmless(note)}`);
  return set;
}
