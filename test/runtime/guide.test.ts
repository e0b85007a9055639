/** docs/javascript.md: its program is run as a reader would, against the built package. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../host/system/process.ts';
import { projectRoot } from '../../host/system/root.ts';

describe('docs/javascript.md', () => {
  it('has a program that prints what it shows', { timeout: 120_000 }, async () => {
    const page = readFileSync(join(projectRoot(), 'docs', 'javascript.md'), 'utf8');
    const block = (start: string) => new RegExp(`^\`\`\`${start}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)![1];
    const [command, ...shown] = block('console').trimEnd().split('\n');
    expect(command).toBe('$ node beats.mjs');
    const parent = join(projectRoot(), 'build', 'test'); // within the package, which so finds itself by its name
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(join(parent, 'node-'));
    writeFileSync(join(folder, 'beats.mjs'), block('js beats.mjs'));
    copyFileSync(join(projectRoot(), 'models', 'ecg-beats.htpw'), join(folder, 'ecg-beats.htpw'));
    expect((await run(process.execPath, ['beats.mjs'], { cwd: folder })).trimEnd().split('\n')).toEqual(shown);
  });
});
