/** Inputs out of PNG and JPEG pictures: decoded by pngjs and jpeg-js, in the channels and the size of the input. */
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { fault } from '../data/formats/fault.ts';
import { inflateWithin } from '../data/formats/inflate.ts';
import { orientationOf, type Picture, turned } from './orientation.ts';
import { pixelRangeOf, Quantizer, realPixels, realRange } from './quantizer.ts';
import { type InputSet, PIXEL_RANGES, type Wanted } from './wanted.ts';

/** Memory that one picture may take when it is unpacked. */
const MOST_MEGAPIXELS = 100;
const MOST_MEGABYTES = 1024;

/** In a PNG: where the byte is that says so, and the type of the chunks with its data. */
const INTERLACE = 28;
const IDAT = 0x49444154;

const require = createRequire(import.meta.url); // both are CommonJS, and only who gives pictures pays for them

/** One picture as one input. Throws UsageError, one line, for another size, and for what cannot be unpacked. */
export function readPicture(bytes: Uint8Array, path: string, { port, options }: Wanted): InputSet {
  const [height, width, channels] = port.shape;
  const range = options.pixels ?? pixelRangeOf(port);
  if (range === null) {
    const [low, high] = realRange(port).map((end) => Number(end.toPrecision(4)));
    throw fault(
      path,
      `the input takes values from ${low} to ${high}, which says nothing of black and white; ` +
        `give --pixels ${PIXEL_RANGES.join(' or ')}`,
    );
  }
  const picture = inChannels(decoded(bytes, path), channels, path);
  const fits = picture.width === width && picture.height === height;
  if (!fits && !options.resize)
    throw fault(
      path,
      `expected a picture of ${width} x ${height}, as the input has, got ${picture.width} x ${picture.height}; ` +
        'scale it, or give --resize',
    );
  const { pixels } = fits ? picture : resized(picture, width, height);
  const quantizer = new Quantizer(port);
  const input = quantizer.bytes(realPixels(pixels, range));
  const notes = isTurned(bytes) ? ['photographs are turned as their EXIF says, which TensorFlow and Pillow leave'] : [];
  return { inputs: [input], labels: null, groups: null, names: [basename(path)], notes };
}

const isTurned = (bytes: Uint8Array): boolean => isJpeg(bytes) && orientationOf(bytes) !== 1;
const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8;

/** Red, green, blue and opacity. */
function decoded(bytes: Uint8Array, path: string): Picture {
  if (bytes.length === 0) throw fault(path, 'the file is empty; expected a PNG or JPEG picture');
  const isPhotograph = isJpeg(bytes);
  try {
    const { width, height, data } = isPhotograph ? decodedJpeg(bytes) : decodedPng(bytes);
    const picture = { width, height, channels: 4, pixels: data };
    return isPhotograph ? turned(picture, orientationOf(bytes)) : picture;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw fault(path, `this ${isPhotograph ? 'JPEG' : 'PNG'} picture cannot be unpacked (${why}); save it again`);
  }
}

interface Rgba {
  width: number;
  height: number;
  data: Uint8Array;
}

function decodedPng(bytes: Uint8Array): Rgba {
  const { PNG } = require('pngjs') as typeof import('pngjs');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels = bytes.length > INTERLACE ? view.getUint32(16) * view.getUint32(20) : 0;
  if (pixels > MOST_MEGAPIXELS * 1e6) throw new RangeError(`more than ${MOST_MEGAPIXELS} million pixels`);
  // pngjs unpacks these at once, without a limit
  if (bytes[INTERLACE] === 1 && inflateWithin(dataOf(bytes, view), { raw: false, most: 10 * pixels + 64 }) === 'more')
    throw new RangeError('more data than its size says');
  return PNG.sync.read(Buffer.from(bytes));
}

/** What the data chunks of a PNG hold, deflated. */
function dataOf(bytes: Uint8Array, view: DataView): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at))
    if (view.getUint32(at + 4) === IDAT) parts.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  return Buffer.concat(parts);
}

function decodedJpeg(bytes: Uint8Array): Rgba {
  const jpeg = require('jpeg-js') as typeof import('jpeg-js');
  const limits = { maxResolutionInMP: MOST_MEGAPIXELS, maxMemoryUsageInMB: MOST_MEGABYTES };
  return jpeg.decode(bytes, { useTArray: true, ...limits });
}

/** Grey from ITU-R BT.601, as picture libraries make it. */
const GREY = [0.299, 0.587, 0.114] as const;

function inChannels({ width, height, pixels }: Picture, channels: number, path: string): Picture {
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw fault(path, `expected an input of 1, 3 or 4 channels for a picture, got one of ${channels}; give arrays`);
  if (channels === 4) return { width, height, channels, pixels };
  const count = width * height;
  const made = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    if (pixels[4 * i + 3] !== 255)
      throw fault(path, `pixel ${i % width}, ${Math.floor(i / width)} is not opaque; put the picture on a background`);
    const [red, green, blue] = [pixels[4 * i]!, pixels[4 * i + 1]!, pixels[4 * i + 2]!];
    if (channels === 1) made[i] = Math.round(GREY[0] * red + GREY[1] * green + GREY[2] * blue);
    else for (let c = 0; c < channels; c++) made[3 * i + c] = pixels[4 * i + c]!;
  }
  return { width, height, channels, pixels: made };
}

/**
 * In another size: a triangle filter that widens where the picture shrinks, so that nothing of it is passed over; values
 * are rounded. First along the rows, then along the columns.
 */
export function resized(picture: Picture, width: number, height: number): Picture {
  const { channels } = picture;
  const across = weightsOf(picture.width, width);
  const down = weightsOf(picture.height, height);
  const narrow = new Float64Array(picture.height * width * channels);
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < width; x++)
      for (const [from, weight] of across[x]!)
        for (let c = 0; c < channels; c++)
          narrow[(y * width + x) * channels + c]! +=
            weight * picture.pixels[(y * picture.width + from) * channels + c]!;
  const pixels = new Float64Array(height * width * channels);
  const row = width * channels;
  for (let y = 0; y < height; y++)
    for (const [from, weight] of down[y]!)
      for (let i = 0; i < row; i++) pixels[y * row + i]! += weight * narrow[from * row + i]!;
  return { width, height, channels, pixels: pixels.map(Math.round) };
}

/** Which of `from` places make each of `to`, with weights whose sum is 1. */
function weightsOf(from: number, to: number): [place: number, weight: number][][] {
  const step = from / to;
  const reach = Math.max(step, 1);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * step - 0.5;
    const places: [number, number][] = [];
    for (let at = Math.ceil(center - reach); at <= center + reach; at++) {
      const weight = 1 - Math.abs(at - center) / reach;
      if (at >= 0 && at < from && weight > 0) places.push([at, weight]);
    }
    const sum = places.reduce((total, [, weight]) => total + weight, 0);
    return places.map(([at, weight]) => [at, weight / sum]);
  });
}
