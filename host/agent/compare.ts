/** Holds what a board answers against the reference. */
import type { LayerCrc } from '../records/branches.ts';
import { crc32 } from '../records/crc32.ts';
import { BranchTally } from './branches.ts';
import type { AgentInfo, RunResult } from './reply.ts';

export interface Reference {
  output: Uint8Array;
  /** of each operator; null is not compared: a later operator goes on writing the same tensor */
  layers: LayerCrc[];
}

export interface Mismatch {
  window: number;
  /** first operator that differs, or null when only the output does */
  operator: number | null;
}

/** Places that differ; an expected null agrees with anything. */
function countDifferences(got: ArrayLike<LayerCrc>, expected: ArrayLike<LayerCrc>): number {
  let differences = Math.abs(got.length - expected.length);
  for (let i = 0; i < Math.min(got.length, expected.length); i++) if (differs(got[i], expected[i])) differences++;
  return differences;
}

function differs(got: LayerCrc | undefined, expected: LayerCrc): boolean {
  return expected !== null && got !== expected;
}

/** Refuses a board that holds another image than the reference was made from. */
export function assertSameImage(info: AgentInfo, image: Uint8Array): void {
  const describe = (bytes: number, crc: number) => `${bytes} bytes with CRC ${crc.toString(16).padStart(8, '0')}`;
  const expected = describe(image.length, crc32(image));
  const got = describe(info.imageBytes, info.imageCrc);
  if (expected !== got)
    throw new Error(`${info.board}: expected an image of ${expected}, got ${got}; flash this image`);
  if (info.image !== 'OK')
    throw new Error(
      `${info.board}: refuses its image with ${info.image}, though it is whole; pack it again, or, where it opens elsewhere, look at RAM and stack (${info.stackUsed} of ${info.stackBytes} bytes used)`,
    );
}

/** What comes of the windows, one after another. */
export class Tally {
  windows = 0;
  mismatchingBytes = 0;
  mismatchingLayers = 0;
  ticks = 0;
  firstMismatch: Mismatch | null = null;
  readonly branches = new BranchTally();

  add(got: RunResult, expected: Reference): void {
    const bytes = countDifferences(got.output, expected.output);
    const layers = countDifferences(got.layers, expected.layers);
    if (!this.firstMismatch && bytes + layers > 0) {
      const operator = expected.layers.findIndex((crc, index) => differs(got.layers[index], crc));
      this.firstMismatch = { window: this.windows, operator: operator < 0 ? null : operator };
    }
    this.windows++;
    this.mismatchingBytes += bytes;
    this.mismatchingLayers += layers;
    this.ticks += got.ticks;
    this.branches.add(got);
  }
}

/** A whole conversation, with a board or from a log. */
export interface Conversation {
  tally: Tally;
  bootTicks: number;
  /** as answered last */
  info: AgentInfo;
  weightsChecked: boolean;
}
