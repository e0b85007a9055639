/**
 * npm start: from a bare clone to an ECG network running on an emulated Cortex-M7, checked bit for bit, with the
 * firmware of a real board beside it. Every figure it prints is measured in this run.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup.js';

const MODEL = 'models/ecg-beats.htpw';
const EMULATED = 'mps2-an500';
const REAL = 'nucleo-f767zi';
const WINDOWS = 16;

const missing = setUp({ boards: [EMULATED, REAL] });
const { ensureBuilt } = await import('./build.js');
await ensureBuilt();

title('The image: every byte by what it is for');
htpw('inspect', MODEL);

if (missing.includes('arm-none-eabi-gcc')) {
  console.log('\nWithout arm-none-eabi-gcc this is as far as it goes. See above for what to install.');
  process.exit(2);
}
title(`Firmware for ${REAL}`);
htpw('build', REAL, '--model', MODEL);

if (missing.includes('qemu-system-arm')) {
  console.log('\nWithout qemu-system-arm the firmware cannot be run here. See above for what to install.');
  process.exit(2);
}
title(`The same firmware code on the emulated ${EMULATED} (Cortex-M7), against the WASM in Node, layer by layer`);
htpw('verify', MODEL, '--board', EMULATED, '--windows', String(WINDOWS));

title('Next');
console.log(`  npx htpw eval ${MODEL} --data synthetic   accuracy, and why it is low there
  npx htpw inspect ${MODEL} --hex           annotated hex dump, beside docs/format.md
  npm test                                                   everything that needs no hardware
  README.md                                                  the way through the sources`);

function title(text) {
  console.log(`\n== ${text}`);
}

function htpw(...words) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'htpw.js'), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 2);
}
