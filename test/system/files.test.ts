/** Files appear whole or not at all, also when writing fails or a signal ends the process. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  planOutput,
  readInput,
  safeName,
  temporaryName,
  titleOf,
  Writing,
  writeWhole,
} from '../../host/system/files.ts';
import { LIST, planFolder } from '../../host/system/folder.ts';

let folder: string;
const inFolder = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
});

describe('an output', () => {
  it('that became a folder since it was planned is refused, and leaves nothing', () => {
    const output = planOutput(inFolder('x'));
    mkdirSync(inFolder('x'));
    expect(() => output.write('new')).toThrow(/x is a folder; give the name of a file/);
    expect(readdirSync(folder)).toEqual(['x']);
  });

  it('whose writing is given up leaves the old file and no folder that was missing', () => {
    writeFileSync(inFolder('x'), 'old');
    for (const name of ['x', 'a/b/x']) {
      const writing = new Writing(inFolder(name));
      writing.append('half of it');
      expect(readFileSync(inFolder('x'), 'utf8')).toBe('old');
      writing.discard();
    }
    expect(readdirSync(folder)).toEqual(['x']);
  });

  it('that cannot take its place is gone, and the error names it', () => {
    const writing = new Writing(inFolder('x'));
    writing.append('new');
    mkdirSync(inFolder('x')); // in its place
    expect(() => writing.finish()).toThrow(/x: cannot be written, it is a folder \(EISDIR\)/);
    expect(readdirSync(folder)).toEqual(['x']);
  });

  it('leaves the other name of a file what it had', () => {
    writeFileSync(inFolder('x'), 'old');
    linkSync(inFolder('x'), inFolder('y'));
    writeWhole(inFolder('x'), 'new');
    expect([readFileSync(inFolder('x'), 'utf8'), readFileSync(inFolder('y'), 'utf8')]).toEqual(['new', 'old']);
  });

  it('may be read while it is replaced: old or new, never half', () => {
    writeFileSync(inFolder('x'), 'old');
    const writing = new Writing(inFolder('x'));
    for (const part of ['ne', 'w']) {
      writing.append(part);
      expect(readFileSync(inFolder('x'), 'utf8')).toBe('old');
    }
    writing.finish();
    expect(readFileSync(inFolder('x'), 'utf8')).toBe('new');
  });
});

describe('a signal', () => {
  /** A process that has written half of an output and waits; what is left after a signal, and how it ended. */
  async function interrupted(keep: boolean, signal: NodeJS.Signals) {
    writeFileSync(inFolder('x'), 'old');
    const module = pathToFileURL(join('dist', 'host', 'system', 'files.js')).href;
    const program = `
      import { Writing } from ${JSON.stringify(module)};
      const writing = new Writing(${JSON.stringify(inFolder('x'))}, { keep: ${keep} });
      new Writing(${JSON.stringify(inFolder('a/b'))});
      writing.append('half');
      console.log('ready');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => child.kill(signal));
    const ended = await new Promise((done) => child.on('close', (_, by) => done(by)));
    return { ended, names: readdirSync(folder), content: readFileSync(inFolder('x'), 'utf8') };
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s removes what is half written, and ends the process',
    async (signal) => {
      expect(await interrupted(false, signal)).toEqual({ ended: signal, names: ['x'], content: 'old' });
    },
  );

  it('keeps what is worth as much as there is of it', async () => {
    expect(await interrupted(true, 'SIGINT')).toEqual({ ended: 'SIGINT', names: ['x'], content: 'half' });
  });
});

describe('an input', () => {
  it.each<[string, (path: string) => void, RegExp]>([
    ['that is missing', () => {}, /x: cannot be read, no such file \(ENOENT\); give the path of a file$/],
    ['that is a folder', (path) => mkdirSync(path), /x is a folder; give the path of a file$/],
    ['that is a link to itself', (path) => symlinkSync('x', path), /a link leads back to itself \(ELOOP\)/],
  ])('%s is named, in words', (_, make, says) => {
    make(inFolder('x'));
    expect(() => readInput(inFolder('x'))).toThrow(says);
  });

  it.skipIf(!existsSync('/dev/zero'))('that does not end is refused', { timeout: 60_000 }, () => {
    expect(() => readInput('/dev/zero')).toThrow(/\/dev\/zero: expected an end within 536870912 bytes, got none/);
  });
});

describe('names', () => {
  it('of temporary files are as long for a long name as for a short one', () => {
    expect(temporaryName('x'.repeat(255)).length).toBe(temporaryName('x').length);
  });

  it.each([
    ['a/net.v2.tflite', 'net.v2'],
    ['-', 'model'],
    ['/dev/stdin', 'model'],
    ['/dev/fd/63', 'model'],
  ])('%s holds "%s"', (path, title) => {
    expect(titleOf(path)).toBe(title);
  });

  it.each([
    ['12" panel', '12_panel'],
    ['a\nb$(c)`d`', 'a_b_c_d_'],
    ['..', 'image'],
    ['-dash', 'dash'],
    ['größer 中', 'größer_中'],
    ['x'.repeat(300), 'x'.repeat(60)],
  ])('%j goes into paths as "%s"', (title, safe) => {
    expect(safeName(title)).toBe(safe);
  });
});

describe('a folder of outputs', () => {
  const files = (...names: string[]) => new Map(names.map((name) => [name, `content of ${name}`]));
  const below = () => (readdirSync(inFolder('out'), { recursive: true }) as string[]).sort();

  it('is filled, filled again with other files, and keeps what others have added', () => {
    planFolder(inFolder('out')).write(files('a', 'sub/b', 'sub/c'));
    writeFileSync(inFolder('out/mine'), 'mine');
    planFolder(inFolder('out')).write(files('a', 'd'));
    expect(below()).toEqual([LIST, 'a', 'd', 'mine']);
  });

  it('with a file of others where one of its own should go is refused whole', () => {
    planFolder(inFolder('out')).write(files('a'));
    writeFileSync(inFolder('out/b'), 'mine');
    expect(() => planFolder(inFolder('out')).write(files('a2', 'b'))).toThrow(/out: b is there and not htpw's/);
    expect(below()).toEqual([LIST, 'a', 'b']);
    expect(readFileSync(inFolder('out/b'), 'utf8')).toBe('mine');
  });

  it('goes on after a run that was cut off between two files', () => {
    planFolder(inFolder('out')).write(files('a'));
    writeFileSync(inFolder('out/b'), 'content of b'); // as it would have been
    planFolder(inFolder('out')).write(files('a', 'b'));
    expect(below()).toEqual([LIST, 'a', 'b']);
  });

  it('in which one file cannot be written is as it was', () => {
    mkdirSync(inFolder('out'));
    const output = planFolder(inFolder('out'));
    expect(() => output.write(new Map([...files('a', 'b'), ['x'.repeat(300), '']]))).toThrow(
      /out: cannot be written, the name is too long \(ENAMETOOLONG\)/,
    );
    expect(below()).toEqual([]);
  });

  it('that was not there is not there after a failure', () => {
    for (const name of ['out/of', 'out/../of'])
      expect(() => planFolder(`${folder}/${name}`).write(new Map([['x'.repeat(300), '']]))).toThrow(/ENAMETOOLONG/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [
      'leads out of the folder',
      '{"files": {"../x": "0000000000000000000000000000000000000000000000000000000000000000"}}',
    ],
    ['is none', '{"about": 5}'],
  ])('whose list %s is refused', (_, list) => {
    mkdirSync(inFolder('out'));
    writeFileSync(inFolder('x'), 'mine');
    writeFileSync(join(folder, 'out', LIST), list);
    expect(() => planFolder(inFolder('out'))).toThrow(/is not the list that htpw wrote/);
    expect(existsSync(inFolder('x'))).toBe(true);
  });

  it('that is the program’s own keeps nothing of an earlier version, also without a list', () => {
    mkdirSync(inFolder('out'));
    writeFileSync(inFolder('out/old'), 'old');
    planFolder(inFolder('out'), { owned: true }).write(files('a'));
    expect(below()).toEqual([LIST, 'a']);
  });

  it('that is read-only is refused before anything is made', () => {
    mkdirSync(inFolder('out'), { mode: 0o555 });
    expect(() => planFolder(inFolder('out'))).toThrow(/out: is read-only/);
    chmodSync(inFolder('out'), 0o755);
    rmSync(inFolder('out'), { recursive: true });
  });
});
