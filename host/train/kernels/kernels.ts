/**
 * The kernels of training (source/, built to dist/train/kernels.wasm) and the memory that they work on. Addresses are
 * bytes, lengths are floats.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../system/root.ts';

type Address = number;

/** Plane, kernel, stride, pad and channels of a window: the arguments of kernels that go over a plane, in order. */
export type Geometry = readonly [
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
  kernelHeight: number,
  kernelWidth: number,
  strideDown: number,
  strideAlong: number,
  padTop: number,
  padLeft: number,
  channels: number,
];

/** Of source/, where each is described. */
export interface Kernels {
  adamw(
    value: Address,
    gradient: Address,
    first: Address,
    second: Address,
    length: number,
    shrink: number,
    correction1: number,
    correction2: number,
    decay: number,
    rate: number,
    boost: number,
  ): void;
  squares(gradient: Address, length: number): number;
  sum(a: Address, b: Address, y: Address, length: number): void;
  addTo(y: Address, a: Address, length: number): void;
  patches(x: Address, y: Address, ...geometry: Geometry): void;
  patchesGradient(dy: Address, dx: Address, ...geometry: Geometry): void;
  depthwise(x: Address, w: Address, y: Address, batch: number, ...geometry: Geometry): void;
  depthwiseGradient(
    x: Address,
    w: Address,
    dy: Address,
    dx: Address,
    dw: Address,
    batch: number,
    ...geometry: Geometry
  ): void;
  moments(x: Address, rows: number, channels: number, mean: Address, variance: Address): void;
  quantize(
    x: Address,
    rows: number,
    channels: number,
    factor: Address,
    offset: Address,
    low: number,
    high: number,
    step: number,
    y: Address,
  ): void;
  clipGradient(
    x: Address,
    rows: number,
    channels: number,
    factor: Address,
    offset: Address,
    low: number,
    high: number,
    mean: Address,
    gradient: Address,
    sums: Address,
    products: Address,
  ): number;
  normalizeGradient(
    x: Address,
    rows: number,
    channels: number,
    a: Address,
    b: Address,
    c: Address,
    gradient: Address,
  ): void;
  pool(
    x: Address,
    y: Address,
    batch: number,
    height: number,
    width: number,
    kernelHeight: number,
    kernelWidth: number,
    channels: number,
    step: number,
  ): void;
  poolGradient(
    dy: Address,
    dx: Address,
    batch: number,
    height: number,
    width: number,
    kernelHeight: number,
    kernelWidth: number,
    channels: number,
  ): void;
  pack(w: Address, panels: Address, depth: number, columns: number, depthStride: number, columnStride: number): void;
  product(x: Address, panels: Address, y: Address, rows: number, depth: number, columns: number, adds: boolean): void;
  transposedProduct(a: Address, b: Address, g: Address, rows: number, m: number, n: number): void;
}

/** Floats of a vector: numbers of channels are filled up to multiples of it. */
const LANES = 4;

export const filledUp = (channels: number): number => LANES * Math.ceil(channels / LANES);

const PAGE = 65_536;
const FLOAT = 4;

let compiled: WebAssembly.Module | null = null;

function compile(): WebAssembly.Module {
  const path = join(projectRoot(), 'dist', 'train', 'kernels.wasm');
  compiled ??= new WebAssembly.Module(readFileSync(path));
  return compiled;
}

/** Kernels with a memory of their own, which is free again when nothing refers to it. Arrays are aligned to vectors. */
export class Workspace {
  readonly kernels: Kernels;
  private readonly memory: WebAssembly.Memory;
  private used = LANES * FLOAT;

  constructor() {
    const { exports } = new WebAssembly.Instance(compile());
    this.kernels = exports as unknown as Kernels;
    this.memory = exports.memory as WebAssembly.Memory;
  }

  /** Room for so many floats, which are zero. */
  allocate(length: number): Address {
    const address = this.used;
    this.used += filledUp(length) * FLOAT;
    const missing = this.used - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    return address;
  }

  /** The floats there, until more room is made. */
  at(address: Address, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer as ArrayBuffer, address, length);
  }

  clear(address: Address, length: number): void {
    this.at(address, length).fill(0);
  }
}
