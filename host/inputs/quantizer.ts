/** Real values as the integers of an input, and a count of those beyond its range. */
import { type Port, quantize } from '../runtime/ports.ts';
import { counted } from '../system/counted.ts';
import { grouped } from '../system/grouped.ts';
import { PIXEL_RANGES, type PixelRange, valuesOf } from './wanted.ts';

/** Quantises inputs of one file, and says at the end how many values did not fit. */
export class Quantizer {
  private saturated = 0;
  private seen = 0;
  private readonly low: number;
  private readonly high: number;

  constructor(private readonly port: Port) {
    const [low, high] = realRange(port);
    this.low = low - port.scale; // full scale itself, +1.0 of a converter, is one step too many and no fault
    this.high = high + port.scale;
  }

  /** The bytes of one input, rounded as `quantize` of hypertinypw/runtime does. Throws for another number of values. */
  bytes(values: ArrayLike<number>): Uint8Array {
    for (let i = 0; i < values.length; i++) if (values[i]! < this.low || values[i]! > this.high) this.saturated++;
    this.seen += values.length;
    const integers = quantize(this.port, values);
    return new Uint8Array(integers.buffer, integers.byteOffset, integers.byteLength);
  }

  /** None where everything fitted. */
  notes(file: string): string[] {
    if (this.saturated === 0) return [];
    const [low, high] = realRange(this.port).map((end) => Number(end.toPrecision(4)));
    return [
      `${file}: ${counted(this.saturated, 'value')} of ${grouped(this.seen)} beyond the range of the input ` +
        `(${low} to ${high}), saturated`,
    ];
  }
}

/** What the least and the greatest integer of a port mean. */
export function realRange({ type, scale, zeroPoint }: Port): [low: number, high: number] {
  const half = type === 'int16' ? 32_768 : 128;
  return [scale * (-half - zeroPoint), scale * (half - 1 - zeroPoint)];
}

const ENDS: Record<PixelRange, [low: number, high: number]> = { '0..255': [0, 255], '0..1': [0, 1], '-1..1': [-1, 1] };

/** Steps by which the range of an input may miss one of pixels: zero points are rounded. */
const NEAR = 1.5;

/** What black and white are for an input, from its range; null where that is no range of pixels. */
export function pixelRangeOf(port: Port): PixelRange | null {
  const range = realRange(port);
  const isNear = (name: PixelRange): boolean =>
    ENDS[name].every((end, i) => Math.abs(end - range[i]!) <= NEAR * port.scale);
  return port.type === 'int8' ? (PIXEL_RANGES.find(isNear) ?? null) : null;
}

/** Pixels of 0 to 255 as real values of that range. */
export function realPixels(pixels: ArrayLike<number>, range: PixelRange): Float64Array {
  const [low, high] = ENDS[range];
  return Float64Array.from(pixels, (pixel) => low + (pixel * (high - low)) / 255);
}

/** Inputs of `port.bytes` in `total` values; 0 where they are no whole number of inputs. */
export const inputsIn = (port: Port, total: number): number =>
  total % valuesOf(port) === 0 ? total / valuesOf(port) : 0;
