/** What bench/clib.json records holds, and how worst-case stack is found. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tailoring } from '../../host/build/library.ts';
import { type LibraryRecord, type LibrarySize, measureLibrary } from '../../host/build/librarySize.ts';
import { parseCallGraph, reachable, worstStack } from '../../host/build/stack.ts';
import { ECG, root } from '../paths.ts';
import { onPath } from '../programs.ts';

const node = (name: string, bytes: number, kind = 'static') =>
  `node: { title: "a.c:${name}" label: "${name}\\na.c:1:2\\n${bytes} bytes (${kind})" }`;
const edge = (from: string, to: string) => `edge: { sourcename: "a.c:${from}" targetname: "${to}" label: "a.c:3:4" }`;

describe('worst-case stack', () => {
  const graph = parseCallGraph(
    [
      ...[node('top', 8), node('left', 100), node('right', 16), node('deep', 96), node('alone', 500)],
      'node: { title: "__aeabi_uidiv" label: "__aeabi_uidiv\\n<built-in>" shape : ellipse }',
      ...[edge('top', 'a.c:left'), edge('top', 'a.c:right'), edge('right', 'a.c:deep'), edge('deep', '__aeabi_uidiv')],
      edge('top', '__indirect_call'),
    ].join('\n'),
  );

  it('is that of the deepest chain of calls, not of the deepest function', () => {
    expect(worstStack(graph, 'top')).toBe(8 + 16 + 96);
    expect(reachable(graph, 'top')).toEqual(['top', 'left', 'right', 'deep', '__aeabi_uidiv']);
  });

  it('is refused for recursion, which is named', () => {
    const loop = parseCallGraph([node('a', 8), node('b', 8), edge('a', 'a.c:b'), edge('b', 'a.c:a')].join('\n'));
    expect(() => worstStack(loop, 'a')).toThrow('recursion: a calls b calls a; expected none');
  });

  it('is refused for a frame without a fixed size', () => {
    expect(() => parseCallGraph(node('grows', 16, 'dynamic'))).toThrow('grows: stack is dynamic');
  });
});

describe.skipIf(!onPath('arm-none-eabi-gcc'))('the C library', () => {
  const record: LibraryRecord = JSON.parse(readFileSync(join(root, 'bench', 'clib.json'), 'utf8'));
  const measured: Record<string, LibrarySize[]> = {};
  beforeAll(async () => {
    measured.whole = await measureLibrary(null);
    measured['ecg-beats'] = await measureLibrary(tailoring('ecg-beats', new Uint8Array(readFileSync(ECG))));
  }, 600_000);

  it.each(Object.keys(record.libraries))('%s has not grown, neither code nor stack', (name) => {
    const grown = measured[name].filter((now) => {
      const { core, option } = now;
      const before = record.libraries[name].sizes.find((each) => each.core === core && each.option === option)!;
      const stack = Object.keys(before.stack).some((each) => now.stack[each] > before.stack[each]);
      return now.flash > before.flash || now.linked > before.linked || now.flashOfAll > before.flashOfAll || stack;
    });
    expect(grown).toEqual([]);
  });

  it.each([
    ['ecg-beats', 'cortex-m7', 8000],
    ['ecg-beats', 'cortex-m0', 9000],
    ['whole', 'cortex-m7', 27_500],
  ])('%s takes on a %s at most %d bytes as it comes, with all it is linked with', (name, core, limit) => {
    expect(measured[name].find((size) => size.core === core && !size.option)!.linked).toBeLessThanOrEqual(limit);
  });
});
