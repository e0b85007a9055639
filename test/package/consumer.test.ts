/** What somebody gets who installs the packed package: in Node, in a type checker, in a bundler and in a browser. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Runtime } from '../../host/runtime/node.ts';
import { answerOf, HAS_CHROMIUM, pageOf, pageWith, served } from './browser.ts';
import { importsOf, Project, root } from './project.ts';

const MOST_FILES = 12;
const MOST_GZIP = 28_000;
const BROWSER_SAFE = ['./runtime', './model', './image', './import', './compress'];

/** Weights to compress. */
const INT8 = join(root, 'models', 'controls', 'ecg-beats-int8.htpw');

const project = new Project();
beforeAll(() => project.install(), 300_000);
afterAll(() => project.remove());

const millivolts = Float32Array.from({ length: 320 }, (_, i) => (Math.abs(i - 160) < 4 ? 1.2 : 0));
/** The runtime of the clone, on the same window. */
const expected = () => {
  const image = readFileSync(join(root, 'models', 'ecg-beats.htpw'));
  const { label, score } = new Runtime(image).load().classify(millivolts);
  return { label, score };
};

const CLASSIFY = `
import { load } from 'hypertinypw/runtime';

const model = await load('ecg-beats.htpw');
const [{ shape, scale }] = model.inputs;
const millivolts = Float32Array.from({ length: shape[1] }, (_, i) => (Math.abs(i - 160) < 4 ? 1.2 : 0));
const { label, score } = model.classify(millivolts);
const answer = { label, score };
`;

describe('an installed package', () => {
  it('brings what it depends on, and no training library', () => {
    const { dependencies } = JSON.parse(readFileSync(join(project.installed, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies))
      expect(existsSync(join(project.folder, 'node_modules', name))).toBe(true);
    expect(readdirSync(join(project.folder, 'node_modules'))).not.toContain('@jax-js');
    expect(existsSync(join(project.installed, 'node_modules'))).toBe(false);
  });

  it('classifies a window in Node in at most 15 lines', () => {
    const program = `${CLASSIFY}console.log(JSON.stringify(answer));\n`;
    expect(program.trim().split('\n').length).toBeLessThanOrEqual(15);
    expect(JSON.parse(project.node('classify.js', program))).toEqual(expected());
  });

  it('does so at once, given the bytes of image and module', () => {
    const program = `
import { readFileSync } from 'node:fs';
import { loadSync } from 'hypertinypw/runtime';
const wasm = readFileSync(new URL(import.meta.resolve('hypertinypw/runtime/scalar.wasm')));
const { label, score } = loadSync(readFileSync('ecg-beats.htpw'), wasm).classify(${JSON.stringify([...millivolts])});
console.log(JSON.stringify({ label, score }));
`;
    expect(JSON.parse(project.node('sync.js', program))).toEqual(expected());
  });

  it('has every entry in Node', () => {
    const names = Object.keys(project.exports()).map((subpath) => subpath.replace('.', 'hypertinypw'));
    expect(names).toContain('hypertinypw/train');
    const program = `for (const name of ${JSON.stringify(names)}) await import(name);\nconsole.log('loaded');\n`;
    expect(project.node('entries.js', program)).toBe('loaded\n');
  });

  it.skipIf(!(process.features as { require_module?: boolean }).require_module)('can be required, too', () => {
    const program = `const { Runtime } = require('hypertinypw');\nconsole.log(typeof Runtime);\n`;
    expect(project.node('required.cjs', program)).toBe('function\n');
  });

  it.each(['nodenext', 'bundler'])('passes tsc --strict, library checks included, resolved as %s', (resolution) => {
    const imports = Object.keys(project.exports()).map(
      (subpath, i) => `import * as entry${i} from '${subpath.replace('.', 'hypertinypw')}';\nvoid entry${i};\n`,
    );
    const typed = CLASSIFY.replace(
      'const answer',
      'export const answer: { label: string | null; score: number | null }',
    );
    project.write('consumer.ts', [...imports, typed].join(''));
    const options = {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'es2022',
      module: resolution === 'bundler' ? 'esnext' : 'nodenext',
      moduleResolution: resolution,
      types: [],
    };
    project.write('tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: project.folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it('compresses a network with calibration data by one call', () => {
    const program = `
import { readFileSync } from 'node:fs';
import { compress, ImageView, Runtime, unpack } from 'hypertinypw';
const before = readFileSync(${JSON.stringify(INT8)});
const { model } = unpack(new ImageView(before));
const inputs = [1, 2, 3].map((n) => Uint8Array.from({ length: 640 }, (_, i) => n * i));
const { image } = await compress(model, { method: 'int4', inputs });
console.log(image.length < before.length && new Runtime(image).load().run(inputs[0]).length);
`;
    expect(project.node('compress.js', program)).toBe('4\n');
  });
});

describe('the entry for Node', () => {
  it('scores and evaluates a split, and finds boards, without the command line', () => {
    const program = `
import { readFileSync } from 'node:fs';
import { evaluate, loadBoard, openTask, readTask, Runtime, scoreWindows } from 'hypertinypw';
const runtime = new Runtime(readFileSync('ecg-beats.htpw'), 'simd').load();
const set = openTask(readTask('ecg-beats'), { data: 'synthetic-easy' }).load('validation');
const { confusion } = evaluate({ ...scoreWindows(runtime, set), classNames: set.classNames });
const counted = confusion.flat().reduce((a, b) => a + b);
console.log(JSON.stringify([counted === set.labels.length, loadBoard('mps2-an500').core]));
`;
    expect(JSON.parse(project.node('evaluate.js', program))).toEqual([true, 'Cortex-M7']);
  });
});

describe('without the training library', () => {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const advice = `npm install @jax-js/jax@${peerDependencies['@jax-js/jax']}`;

  it('training says in one line what to install', () => {
    const program = `
import { readConfig, trainModel } from 'hypertinypw/train';
const config = readConfig('node_modules/hypertinypw/models/configs/ecg-beats.json');
await trainModel(config, { subset: 8 }).catch(({ message }) => console.log(message));
`;
    expect(project.node('train.js', program)).toMatch(new RegExp(`^[^\n]*which is not installed; ${advice}\n$`));
  });

  it('so does htpw train, which ends with 2', () => {
    const words = ['train', '--config', 'node_modules/hypertinypw/models/configs/ecg-beats.json', '-o', 'a.htpw'];
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(project.installed, 'scripts', 'htpw.js'), ...words, '--data', 'synthetic', '--subset', '8'],
      { cwd: project.folder, encoding: 'utf8' },
    );
    expect(stderr).toMatch(new RegExp(`^htpw: [^\n]*${advice}\n$`));
    expect(status).toBe(2);
  });

  it('nothing else is missing: no entry imports it, nor does the command line, before it is asked to train', () => {
    const commandLine = join(project.installed, 'dist', 'host', 'cli.js');
    for (const entry of [...Object.values(project.exports()), commandLine])
      expect(importsOf(entry).foreign.filter(([name]) => name.startsWith('@jax-js'))).toEqual([]);
  });
});

describe('what a browser loads', () => {
  const shown = (path: string) => relative(project.installed, path);

  it(`to run an image is at most ${MOST_FILES} files, all of them its own`, () => {
    const { files, foreign } = importsOf(project.exports()['./runtime']);
    expect(foreign).toEqual([]);
    expect(files.length, files.map(shown).join(' ')).toBeLessThanOrEqual(MOST_FILES);
  });

  it(`to run an image is at most ${MOST_GZIP.toLocaleString('en-US')} bytes behind gzip, file by file`, () => {
    const { files } = importsOf(project.exports()['./runtime']);
    const wasm = join(project.installed, 'dist', 'runtime', 'htpw.simd.node.wasm');
    const sizes = [...files, wasm].map((path) => [shown(path), gzipSync(readFileSync(path), { level: 9 }).length]);
    expect(
      sizes.reduce((sum, [, bytes]) => sum + (bytes as number), 0),
      sizes.join('\n'),
    ).toBeLessThanOrEqual(MOST_GZIP);
  });

  it.each(BROWSER_SAFE)(
    'of %s needs nothing of Node, and of other packages only a reader of FlatBuffers',
    (subpath) => {
      const names = new Set(importsOf(project.exports()[subpath]).foreign.map(([name]) => name));
      expect([...names]).toEqual(subpath === './import' ? ['flatbuffers'] : []);
    },
  );
});

/** Every entry that is for browsers, used: an image is unpacked, compressed, packed and run. */
const WORKSHOP = `
import * as runtime from 'hypertinypw/runtime';
import { ImageView, pack, unpack } from 'hypertinypw/image';
import { importTflite } from 'hypertinypw/import';
import { compress } from 'hypertinypw/compress';
import { macs } from 'hypertinypw/model';

const bytes = new Uint8Array(await (await fetch('/ecg-beats-int8.htpw')).arrayBuffer());
const { model } = unpack(new ImageView(bytes));
const inputs = [1, 2, 3].map((n) => Uint8Array.from({ length: 640 }, (_, i) => n * i));
const { image, model: smaller } = await compress(model, { method: 'int4', budget: 30000, inputs });
const loaded = await runtime.load(image);
let refused = '';
try { importTflite(bytes, 'none'); } catch (error) { refused = error.message; }
show({
  fits: image.length <= 30000, macs: macs(smaller), packs: pack(model).length,
  output: [...loaded.run(inputs[0])], refused,
});
`;

/** The same, made in Node. */
const workshopProgram = () =>
  WORKSHOP.replace("await (await fetch('/ecg-beats-int8.htpw')).arrayBuffer()", "readFileSync('ecg-beats-int8.htpw')")
    .replace('show(', 'console.log(JSON.stringify(')
    .replace(/\);\n$/, '));\n')
    .replace(/^/, "import { readFileSync } from 'node:fs';\n");

describe('a bundler', () => {
  const bundle = join(project.folder, 'bundle');
  const warnings: string[] = [];
  beforeAll(async () => {
    writeFileSync(join(project.folder, 'ecg-beats-int8.htpw'), readFileSync(INT8));
    project.write('workshop.js', WORKSHOP);
    project.write('index.html', pageWith(' src="./workshop.js">'));
    const warn = (message: string) => warnings.push(message);
    const silent = { info() {}, warn, warnOnce: warn, error: warn, clearScreen() {}, hasWarned: false };
    await build({
      root: project.folder,
      configFile: false,
      logLevel: 'warn',
      customLogger: { ...silent, hasErrorLogged: () => false },
      build: { outDir: bundle, assetsInlineLimit: 0 },
    });
    writeFileSync(join(bundle, 'ecg-beats-int8.htpw'), readFileSync(join(project.folder, 'ecg-beats-int8.htpw')));
  }, 120_000);

  it('takes all entries for browsers without a warning, and the module of the runtime along', () => {
    expect(warnings).toEqual([]);
    const assets = readdirSync(join(bundle, 'assets')).filter((name) => name.endsWith('.wasm'));
    expect(assets.length).toBe(1);
    const wasm = readFileSync(join(project.installed, 'dist', 'runtime', 'htpw.simd.node.wasm'));
    expect(readFileSync(join(bundle, 'assets', assets[0])).equals(wasm)).toBe(true);
  });

  it.skipIf(!HAS_CHROMIUM)('makes of them what answers in Chromium as in Node', { timeout: 180_000 }, async () => {
    const inNode = JSON.parse(project.node('workshopInNode.js', workshopProgram()));
    expect(inNode).toMatchObject({ fits: true, refused: expect.stringContaining('an .htpw image') });
    expect(await served(bundle, (address) => answerOf(`${address}/index.html`))).toEqual(inNode);
  });
});

describe.skipIf(!HAS_CHROMIUM)('a plain module script in Chromium', { timeout: 180_000 }, () => {
  it('classifies a window with the program that runs in Node', async () => {
    const path = relative(project.folder, project.exports()['./runtime']);
    const map = JSON.stringify({ imports: { 'hypertinypw/runtime': `./${path}` } });
    project.write('plain.html', pageWith(`>${CLASSIFY}show(answer);`, `<script type="importmap">${map}</script>`));
    expect(await served(project.folder, (address) => answerOf(`${address}/plain.html`))).toEqual(expected());
  });

  it('shows what the page in docs/javascript.md should show', async () => {
    const guide = readFileSync(join(root, 'docs', 'javascript.md'), 'utf8');
    project.write('guide.html', /^```html\n([\s\S]*?)^```$/m.exec(guide)![1]);
    const page = await served(project.folder, (address) => pageOf(`${address}/guide.html`));
    const { label, score } = expected();
    expect(page).toContain(`<output>${label} ${score!.toFixed(2)}</output>`);
  });
});
