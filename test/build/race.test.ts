/** Builds that run at the same time. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildFirmware } from '../../host/build/firmware.ts';
import { projectRoot } from '../../host/system/root.ts';
import { HAS_ARM_COMPILER } from '../boards/runnable.ts';
import { imageFile } from '../boards/tinyImage.ts';

describe.skipIf(!HAS_ARM_COMPILER)('builds at the same time', () => {
  it('of the same board and image name leave whole files and nothing else', { timeout: 120_000 }, async () => {
    const image = imageFile('race');
    const files = ['firmware.bin', 'firmware.elf', 'firmware.hex', 'firmware.map'];
    const folder = dirname((await buildFirmware('microbit', image)).elf);
    const contents = () => files.map((name) => readFileSync(join(folder, name)));
    const alone = contents();
    const builds = await Promise.all(Array.from({ length: 6 }, () => buildFirmware('microbit', image)));
    for (const build of builds) expect(build).toEqual(builds[0]);
    for (const [i, content] of contents().entries()) expect(content.equals(alone[i]), files[i]).toBe(true);
    expect(readdirSync(folder).sort()).toEqual([...files, 'image.o', 'link.ld']);
    const others = readdirSync(dirname(folder)).filter((name) => name.startsWith(`${basename(folder)}-`));
    expect(others).toEqual([]);
  });

  it('that fail leave no folder', { timeout: 120_000 }, async () => {
    const folder = join(projectRoot(), 'build', 'microbit');
    mkdirSync(folder, { recursive: true });
    await expect(buildFirmware('microbit', imageFile('not-an-image', new Uint8Array(64)))).rejects.toThrow(/BAD_MAGIC/);
    expect(readdirSync(folder).filter((name) => name.startsWith('not-an-image'))).toEqual([]);
  });
});
