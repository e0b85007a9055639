/** What `open` does with a kind that nobody proves: a runtime that lets one more kind in than it has proofs for. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import { buildRuntime } from '../../host/build/compile.ts';
import { pack } from '../../host/image/pack.ts';
import { OPERATORS } from '../../host/operators/registry.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { statusName } from '../../host/runtime/status.ts';
import { SOURCES } from '../../host/sources/registry.ts';
import { inTemporaryFolder } from '../../host/system/folder.ts';
import { projectRoot } from '../../host/system/root.ts';
import { everything } from '../zoo.ts';

const NOBODYS = Object.keys(OPERATORS).length + 1;
const NOBODYS_SOURCE = Object.keys(SOURCES).length + 1;

/** The project's runtime with other constants, by file of assembly/, for Node. */
async function runtimeWith(constants: Record<string, [name: string, value: number]>) {
  return inTemporaryFolder(join(projectRoot(), 'build', 'dispatch-'), async (folder) => {
    for (const name of ['assembly', 'asconfig.json', 'package.json', 'host/build', 'host/runtime'])
      cpSync(join(projectRoot(), name), join(folder, name), { recursive: true });
    symlinkSync(join(projectRoot(), 'node_modules'), join(folder, 'node_modules'));
    for (const [file, [name, value]] of Object.entries(constants)) {
      const path = join(folder, 'assembly', file);
      const constant = new RegExp(`(?<=export const ${name}: u32 = )[\\w.]+`);
      writeFileSync(path, readFileSync(path, 'utf8').replace(constant, String(value)));
    }
    const { nodeWasm } = await buildRuntime('scalar', folder);
    return readFileSync(nodeWasm);
  });
}

describe('a kind that is let in without a proof', () => {
  let open: (image: Uint8Array) => string;
  beforeAll(async () => {
    mkdirSync(join(projectRoot(), 'build'), { recursive: true });
    const wasm = await runtimeWith({
      'operators/dispatch.ts': ['LAST_KIND', NOBODYS],
      'weights/dispatch.ts': ['LAST_SOURCE_KIND', NOBODYS_SOURCE],
    });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
    const { memory, open: prove } = exports as unknown as {
      memory: WebAssembly.Memory;
      open(image: number, bytes: number, workspace: number): number;
    };
    open = (image) => {
      const at = 4096;
      memory.grow(Math.ceil((at + image.length) / 65_536));
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(image, at);
      const data = new DataView(memory.buffer);
      data.setUint32(at + F.HEADER_CRC_AT, crc32(image.subarray(F.HEADER_BYTES)), true);
      return statusName(prove(at, image.length, 16));
    };
  }, 120_000);

  const packed = () => {
    const image = pack(everything(1).build());
    return { image, view: new ImageView(image), data: new DataView(image.buffer, image.byteOffset) };
  };

  it('leaves every other image as it was', () => {
    expect(open(packed().image)).toBe('OK');
  });

  it('is refused as an operator, whatever its record says', () => {
    const { image, view, data } = packed();
    // an operator without parameters, on one tensor as ADD would have it
    const argmax = view.programs[0].operators.find(({ kind }) => kind === OPERATORS.argmax.code)!;
    data.setUint8(argmax.at + F.OPERATOR_KIND_AT, NOBODYS);
    data.setUint16(argmax.at + F.OPERATOR_OUTPUT_AT, argmax.input, true);
    expect(open(image)).toBe(statusName(S.BAD_OPERATOR));
  });

  it('is refused as a generator', () => {
    const { image, view, data } = packed();
    const tile = view.generators.find(({ kind }) => kind === SOURCES.tile.code)!;
    data.setUint8(tile.at + F.GENERATOR_KIND_AT, NOBODYS_SOURCE);
    expect(open(image)).toBe(statusName(S.BAD_GENERATOR));
  });
});
