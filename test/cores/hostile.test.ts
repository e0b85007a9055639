/** The trust boundary in C: damaged images under the sanitizers end as in the WebAssembly, byte for byte. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import * as FEATURE from '../../assembly/features.ts';
import { loadBoard } from '../../host/boards/board.ts';
import { buildRuntime } from '../../host/build/compile.ts';
import { ALL_FEATURES } from '../../host/build/firmware.ts';
import { featuresOf } from '../../host/build/requirements.ts';
import { pack } from '../../host/image/pack.ts';
import { withResidency } from '../../host/image/seal.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { instantiate } from '../../host/runtime/node.ts';
import { statusName } from '../../host/runtime/status.ts';
import { DEVICE_VARIANT_NAMES, type DeviceVariantName } from '../../host/runtime/variants.ts';
import { projectRoot } from '../../host/system/root.ts';
import { canRun } from '../boards/runnable.ts';
import { damagedImages } from '../hostile.ts';
import { routed } from '../routes.ts';
import { shapeRows, soundFeatures } from '../shapes.ts';
import { everything } from '../zoo.ts';

const root = projectRoot();

/** All variants share the checks of open; only the inner loops differ. */
const SMALL_IMAGES: Record<DeviceVariantName, number> = { scalar: 20_000, dsp: 5_000, mve: 5_000 };
/** An inference of the real network is a thousand times one of the small ones. */
const LARGE_IMAGES = 100;
const LARGE = join(root, 'models', 'ecg-beats.htpw');
/** Programs on codebooks that they share, and a route with its branches. */
const PAPERS = ['joined', 'route-uci-har'].map((name) => join(root, 'models', 'papers', `${name}.htpw`));
const FILL = 0xa5;

/** The damaged images of a variant; generated anew each time, so that they need not all be held at once. */
function* allDamaged(variant: DeviceVariantName): Generator<Uint8Array> {
  const small = [1, 2, 3].flatMap((seed) => [
    pack(everything(seed).build()),
    withResidency(pack(everything(seed).build(), { tables: 'q31', lossless: true }), 'stream'),
  ]);
  small.push(pack(soundFeatures()), pack(routed(1, 3)));
  for (const [i, image] of small.entries()) {
    yield image; // and one that is whole
    yield* take(damagedImages(image, 100 + i), Math.ceil(SMALL_IMAGES[variant] / small.length));
  }
  for (const [i, path] of [LARGE, ...PAPERS].entries())
    if (existsSync(path)) yield* take(damagedImages(new Uint8Array(readFileSync(path)), 99 + i), LARGE_IMAGES);
}

function* take<T>(from: Generator<T>, count: number): Generator<T> {
  for (let i = 0; i < count; i++) yield from.next().value;
}

const harnesses = new Map<string, Promise<string>>();

/** hostile.c with the flags of the host board, compiled once for all tests. */
function harness(variant: DeviceVariantName, features: bigint): Promise<string> {
  const key = `${variant} ${features}`;
  if (!harnesses.has(key)) harnesses.set(key, buildHarness(variant, features));
  return harnesses.get(key)!;
}

/** -O1 compiles in a third of the time of -O2. */
async function buildHarness(variant: DeviceVariantName, features: bigint): Promise<string> {
  await buildRuntime(variant);
  const folder = join(root, 'build', 'test', 'hostile');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `${variant}-${features.toString(16)}`);
  const board = loadBoard('host');
  const includes = ['boards/common', 'boards/host', 'dist/runtime'].map((path) => `-I${join(root, path)}`);
  const sources = ['test/cores/hostile.c', 'boards/common/htpw.c', 'dist/runtime/htpw_status.c'];
  const flags = [...board.cpuFlags, '-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror'];
  const defines = [`-DHTPW_RUNTIME="htpw_${variant}.c"`, `-DHTPW_FEATURES=0x${features.toString(16)}ull`];
  execFileSync('gcc', [...flags, ...includes, ...defines, ...sources.map((path) => join(root, path)), '-o', program]);
  return program;
}

/** Sends every image to the harness and gives the lines it prints; throws what a sanitizer said. */
async function sanitized(
  variant: DeviceVariantName,
  images: Iterable<Uint8Array> = allDamaged(variant),
  features = ALL_FEATURES,
): Promise<string[]> {
  const child = spawn(await harness(variant, features), [], { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let said = '';
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  child.stdin.on('error', () => {}); // a program that stopped early; its exit code tells
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal!));
  });
  for (const image of images) {
    const length = new Uint8Array(Uint32Array.of(image.length).buffer);
    if (!child.stdin.writable) break;
    child.stdin.write(length);
    if (!child.stdin.write(image)) await Promise.race([new Promise((go) => child.stdin.once('drain', go)), ended]);
  }
  child.stdin.end();
  await finished(child.stdin).catch(() => {});
  const code = await ended;
  if (code !== 0) throw new Error(`image ${lines.length}: expected exit code 0, got ${code}\n${said.slice(0, 3000)}`);
  return lines;
}

/** What hostile.c does, in WebAssembly. */
class Module {
  private readonly wasm: ReturnType<typeof instantiate>;
  private memory: Uint8Array;

  constructor(variant: DeviceVariantName) {
    this.wasm = instantiate(variant);
    this.memory = new Uint8Array(this.wasm.memory.buffer);
  }

  line(image: Uint8Array): string {
    const { wasm } = this;
    const at = 96;
    this.reserve(at + image.length);
    this.memory.set(image, at);
    const words = new Uint32Array(2);
    let status = wasm.open(at, image.length, 16);
    const programs = status < 0 ? 0 : wasm.programs(at);
    for (let p = 0; p < programs && status >= 0; p++)
      status = this.program(at, (at + image.length + 79) & ~15, p, words);
    return `${Math.min(status, 0)} ${words[0].toString(16).padStart(8, '0')}`;
  }

  private program(image: number, arena: number, program: number, words: Uint32Array): number {
    const { wasm } = this;
    const arenaBytes = wasm.arenaBytes(image, program);
    const input = (arena + arenaBytes + 15) & ~15;
    const output = (input + wasm.inputBytes(image, program) + 15) & ~15;
    const outputBytes = wasm.outputBytes(image, program);
    this.reserve(output + outputBytes);
    this.memory.fill(FILL, arena, output + outputBytes);
    const add = (address: number, bytes: number) => {
      words[1] = crc32(this.memory.subarray(address, address + bytes));
      words[0] = crc32(new Uint8Array(words.buffer));
    };
    let status = wasm.load(image, program, arena, arenaBytes);
    if (status >= 0) status = wasm.invoke(arena, input, output);
    if (status < 0) return status;
    add(output, outputBytes);
    wasm.begin(arena, input);
    for (let o = 0; o < wasm.operators(arena); o++) {
      wasm.step(arena, o);
      add(wasm.outputAddress(arena, o), wasm.outputSize(arena, o));
    }
    wasm.finish(arena, output);
    add(output, outputBytes);
    return 0;
  }

  private reserve(bytes: number): void {
    const missing = bytes - this.memory.length;
    if (missing <= 0) return;
    this.wasm.memory.grow(Math.ceil(missing / 65536));
    this.memory = new Uint8Array(this.wasm.memory.buffer);
  }
}

describe.skipIf(!canRun('host'))('damaged images on the sanitized host', () => {
  it.each(DEVICE_VARIANT_NAMES)(
    'end as in the WebAssembly, %s: same status, same bytes',
    { timeout: 240_000 },
    async (variant) => {
      const lines = await sanitized(variant);
      const module = new Module(variant);
      let [image, accepted] = [0, 0];
      for (const damaged of allDamaged(variant)) {
        const line = lines[image] ?? 'nothing';
        const status = Number(line.split(' ')[0]);
        if (statusName(status).startsWith('status')) throw new Error(`image ${image}: status ${status} has no name`);
        const expected = module.line(damaged);
        if (line !== expected) throw new Error(`image ${image}: expected "${expected}", got "${line}"`);
        if (status === 0) accepted++;
        image++;
      }
      expect(lines).toHaveLength(image);
      expect(accepted).toBeGreaterThan(image / 20); // enough of them run that the operators are tried, too
    },
  );
});

describe.skipIf(!canRun('host'))('a runtime built for one image', () => {
  const own = new Uint8Array(readFileSync(LARGE));
  const others = [1, 2, 3].map((seed) => pack(everything(seed).build()));

  it.each(DEVICE_VARIANT_NAMES)('computes that image as ever and refuses others by name (%s)', async (variant) => {
    const features = featuresOf(new ImageView(own));
    const whole = await sanitized(variant, [own]);
    const [same, ...refused] = await sanitized(variant, [own, ...others], features);
    expect(same).toBe(whole[0]);
    expect(refused.map((line) => statusName(Number(line.split(' ')[0])))).toEqual(others.map(() => 'NOT_BUILT_IN'));
  });
});

describe.skipIf(!canRun('host'))('a runtime without some ways to weights and depthwise kernels', () => {
  const { FEATURE_CACHE, FEATURE_DEPTHWISE_3X3, FEATURE_DEPTHWISE_ANY, FEATURE_DEPTHWISE_FLAT } = FEATURE;
  const { FEATURE_PADDED_ROWS, FEATURE_STREAM } = FEATURE;
  const images = shapeRows(3)
    .filter((_, i) => i % 3 === 0)
    .map(({ model, tables }) => pack(model, { tables }));
  const whole: Partial<Record<DeviceVariantName, string[]>> = {};
  const needed = images.map((image) => featuresOf(new ImageView(image)));

  it.each([
    ['scalar', [FEATURE_DEPTHWISE_ANY, FEATURE_STREAM, FEATURE_PADDED_ROWS]],
    ['scalar', [FEATURE_DEPTHWISE_ANY, FEATURE_DEPTHWISE_3X3, FEATURE_CACHE]],
    ['dsp', [FEATURE_DEPTHWISE_ANY, FEATURE_DEPTHWISE_FLAT, FEATURE_CACHE, FEATURE_STREAM]],
    ['dsp', [FEATURE_DEPTHWISE_ANY, FEATURE_DEPTHWISE_3X3, FEATURE_PADDED_ROWS]],
  ] as const)(
    'refuses the images that need them and computes the others as ever (%s, without bits %j)',
    async (variant, bits) => {
      const kept = bits.reduce((mask, bit) => mask & ~(1n << BigInt(bit)), ALL_FEATURES);
      whole[variant] ??= await sanitized(variant, images);
      const part = await sanitized(variant, images, kept);
      const fits = needed.map((features) => (features & ~kept) === 0n);
      expect(part.filter((_, i) => fits[i])).toEqual(whole[variant].filter((_, i) => fits[i]));
      expect(new Set(part.filter((_, i) => !fits[i]).map((line) => statusName(Number(line.split(' ')[0]))))).toEqual(
        new Set(['NOT_BUILT_IN']),
      );
      expect(fits.filter((fit) => fit).length).toBeGreaterThan(images.length / 10);
    },
  );
});
