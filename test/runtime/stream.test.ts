/** Streams: samples as they come give the bytes of whole windows, and what cannot be streamed is refused by name. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { instantiate, Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { changed, parts, STREAM_SHAPES, type StreamShape, sound, streamed, windowOf } from '../streams.ts';

/** Frames that so many samples complete. */
const framesOf = ({ length, hop }: StreamShape, samples: number) =>
  samples < length ? 0 : Math.floor((samples - length) / hop) + 1;

const [, SHAPE] = STREAM_SHAPES[0];

/** An image of two front ends. */
function two(...shapes: [StreamShape, StreamShape]): Uint8Array {
  const [first, second] = shapes.map((shape, i) => streamed(i + 1, shape, false).build());
  return pack({ ...first, programs: [...first.programs, ...second.programs] });
}

describe.each(VARIANT_NAMES)('a stream on %s', (variant) => {
  it.each(STREAM_SHAPES)('gives at any time the bytes of the latest window, whatever its parts: %s', (_, shape) => {
    const window = windowOf(shape);
    for (const seed of [1, 2, 3, 4]) {
      const image = pack(streamed(seed, shape).build());
      const [stream, batch] = [new Runtime(image, variant).load(), new Runtime(image, variant).load()];
      const whole = sound(seed, 9 * window);
      let pushed = 0;
      let compared = 0;
      for (const part of parts(seed, whole, window)) {
        const before = framesOf(shape, pushed);
        pushed += part.length;
        expect(stream.push(part)).toBe(framesOf(shape, pushed) - before);
        const at = (framesOf(shape, pushed) - shape.frames) * shape.hop;
        if (at < 0 || at + window > whole.length) continue;
        expect(stream.runStream()).toEqual(batch.run(whole.subarray(at, at + window)));
        compared++;
      }
      expect(compared).toBeGreaterThan(3);
    }
  });

  it.each(STREAM_SHAPES)('begins with silence, and is a window after as many samples: %s', (_, shape) => {
    const image = pack(streamed(5, shape, false).build());
    const [stream, batch] = [new Runtime(image, variant).load(), new Runtime(image, variant).load()];
    const whole = sound(5, windowOf(shape));
    const features = batch.run(whole);
    const silence = batch.run(new Int16Array(whole.length));
    expect(features).not.toEqual(silence);
    expect(stream.runStream()).toEqual(silence);
    for (let at = 0; at < whole.length; at += 5) {
      stream.push(whole.subarray(at, at + 5));
      const frames = framesOf(shape, Math.min(at + 5, whole.length));
      const come = (frames * features.length) / shape.frames;
      expect(stream.runStream()).toEqual(Uint8Array.of(...silence.subarray(come), ...features.subarray(0, come)));
    }
    stream.resetStream();
    expect(stream.runStream()).toEqual(silence);
    stream.push(whole);
    expect(stream.runStream()).toEqual(features);
  });
});

describe('a stream', () => {
  it('is disturbed by no whole window in between, and disturbs none, whatever stays in the arena', () => {
    for (let seed = 10; seed < 22; seed++) {
      const image = pack(streamed(seed, SHAPE).build()); // weights of every residency
      const [both, one, other] = [0, 1, 2].map(() => new Runtime(image, 'simd').load());
      const [heard, windows] = [sound(seed, 4000), sound(seed + 1, 4000)];
      for (const [i, part] of parts(seed, heard, windowOf(SHAPE)).entries()) {
        const window = windows.subarray(i * 10, i * 10 + windowOf(SHAPE));
        expect(both.push(part)).toBe(one.push(part));
        expect(both.run(window)).toEqual(other.run(window));
        expect(both.runStream()).toEqual(one.runStream());
      }
    }
  });

  it('takes the samples of any view and none at all', () => {
    const runtime = new Runtime(pack(streamed(1, SHAPE).build())).load();
    const whole = sound(1, 3 * SHAPE.length);
    const answers = [whole, new Int16Array([9, 9, ...whole]).subarray(2)].map((samples) => {
      runtime.resetStream();
      const frames = runtime.push(samples) + runtime.push(new Int16Array(0));
      return [frames, runtime.runStream()];
    });
    expect(answers[0][0]).toBe(framesOf(SHAPE, whole.length));
    expect(answers[1]).toEqual(answers[0]);
  });

  it('begins anew when a program is loaded', () => {
    const image = two(STREAM_SHAPES[0][1], STREAM_SHAPES[3][1]);
    const runtime = new Runtime(image).load(0);
    const silent = runtime.runStream();
    runtime.push(sound(1, 2000));
    expect(runtime.runStream()).not.toEqual(silent);
    const fresh = new Runtime(image).load(1);
    runtime.load(1).push(sound(2, 500));
    fresh.push(sound(2, 500));
    expect(runtime.runStream()).toEqual(fresh.runStream());
    runtime.load(0);
    expect(runtime.runStream()).toEqual(silent);
  });

  it('classifies as a whole window does', () => {
    const model = streamed(3, SHAPE).build();
    model.metadata = { name: 'words', labels: ['a', 'b', 'c', 'd', 'e'] };
    const runtime = new Runtime(pack(model)).load();
    const whole = sound(3, windowOf(SHAPE));
    runtime.push(whole);
    const { scale, zeroPoint } = runtime.inputs[0];
    const real = Array.from(whole, (sample) => scale * (sample - zeroPoint));
    expect(runtime.classifyStream()).toEqual(runtime.classify(real));
    const features = new Runtime(pack(streamed(3, SHAPE, false).build())).load();
    expect(() => features.classifyStream()).toThrow(/^classifyStream: .* take runStream and dequantize$/);
  });

  it('needs the frame, one row a frame and 12 bytes, and nothing of the arena', () => {
    const model = streamed(3, SHAPE).build();
    const [, , height, bands] = [0, 0, ...model.programs[0].tensors[2].shape.slice(1)];
    const runtime = new Runtime(pack(model));
    expect(runtime.streamBytes()).toBe(12 + 2 * SHAPE.length + height * bands);
  });
});

/** What a call that must be refused throws. */
function refusal(call: () => unknown): StatusError | Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('was not refused');
}

describe('a stream is refused', () => {
  const unstreamable: [what: string, image: () => Uint8Array][] = [
    ['does not begin with log-mel features', () => new Uint8Array(readFileSync('models/ecg-beats.htpw'))],
    [
      'has another input',
      () =>
        pack(
          changed(SHAPE, (b, model) => {
            model.programs[0].inputs.push(b.tensor('more', [1, 1, 4]));
            b.lookup(b.tensor('looked', [1, 1, 4]), b.last);
          }),
        ),
    ],
    ['gives its samples out as well', () => pack(changed(SHAPE, (_, model) => model.programs[0].outputs.push(0)))],
    ['gives the workspace out', () => pack(changed(SHAPE, (_, model) => model.programs[0].outputs.push(1)))],
    [
      'reads its samples a second time',
      () =>
        pack(
          changed(SHAPE, (b) => {
            const [mel] = b.operators;
            const [input2, output] = [b.tensor('workspace', b.tensors[1].shape), b.tensor('again', b.tensors[2].shape)];
            b.operators.push({ ...mel, name: 'again', input2, output } as never);
          }),
        ),
    ],
    ['reads the workspace', () => pack(changed(SHAPE, (b) => b.lookup(b.tensor('read', b.tensors[1].shape), 1)))],
    ['writes the workspace', () => pack(changed(SHAPE, (b) => b.copy(1, { run: 4 }, 2)))],
  ];

  it.each(unstreamable)('for a program that %s, which still runs', (_, image) => {
    const runtime = new Runtime(image()).load();
    const input = new Uint8Array(runtime.inputBytes());
    const before = runtime.run(input);
    expect(runtime.streamBytes()).toBe(0);
    for (const call of ['push', 'runStream', 'resetStream', 'classifyStream'] as const) {
      const error = refusal(() => runtime[call](new Int16Array(4)));
      expect(error).toBeInstanceOf(StatusError);
      expect(error.message).toMatch(new RegExp(`^${call}: NOT_STREAMED \\(expected a program that begins with .*\\)$`));
    }
    expect(runtime.run(input)).toEqual(before);
  });

  it('before a load, and of anything but an Int16Array', () => {
    const runtime = new Runtime(pack(streamed(1, SHAPE).build()));
    expect(refusal(() => runtime.push(new Int16Array(1))).message).toMatch(/^push: NOT_LOADED/);
    expect(refusal(() => runtime.runStream()).message).toMatch(/^runStream: NOT_LOADED/);
    runtime.load();
    for (const samples of [new Uint8Array(2), [1, 2], null, undefined])
      expect(refusal(() => runtime.push(samples as never)).message).toMatch(/^push: expected an Int16Array, got /);
  });

  it('out of a trace, which runs on', () => {
    const runtime = new Runtime(pack(streamed(1, SHAPE).build())).load();
    const window = sound(1, windowOf(SHAPE));
    const output = runtime.run(window);
    const traced = runtime.trace(window, () => expect(() => runtime.push(window)).toThrow(/^push: expected no trace/));
    expect(traced).toEqual(output);
  });

  const STATES: [what: string, expected: string, arrange: (wasm: Wasm, at: Places) => void][] = [
    ['an arena that no program was loaded into', 'NOT_LOADED', () => {}],
    ['a state that was never reset', 'NOT_STREAMED', (wasm, at) => wasm.load(at.image, 0, at.arena, 60_000)],
    [
      'a state that was reset for another program',
      'NOT_STREAMED',
      (wasm, at) => {
        wasm.load(at.image, 0, at.arena, 60_000);
        expect(wasm.resetStream(at.arena, at.state)).toBe(0);
        wasm.load(at.image, 1, at.arena, 60_000);
      },
    ],
  ];
  type Wasm = ReturnType<typeof instantiate>;
  type Places = { image: number; arena: number; state: number };
  it.each(STATES)('by the runtime itself for %s', (_, expected, arrange) => {
    const wasm = instantiate('scalar');
    wasm.memory.grow(4);
    const image = two(SHAPE, SHAPE);
    const at = { image: 96, arena: 65_536, state: 131_072 };
    new Uint8Array(wasm.memory.buffer).set(image, at.image);
    expect(wasm.open(at.image, image.length, 16)).toBe(0);
    arrange(wasm, at);
    expect(statusName(wasm.push(at.arena, at.state, 140_000, 5))).toBe(expected);
    expect(statusName(wasm.invokeStream(at.arena, at.state, 150_000))).toBe(expected);
    expect([0, 1, 2].map((program) => wasm.streamBytes(at.image, program) > 0)).toEqual([true, true, false]);
  });
});
