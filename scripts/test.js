/**
 * npm test: sets up what is missing, then everything that needs no hardware. Words after -- go to vitest; of projects
 * that --project leaves out, nothing is set up. test/summary.ts prints what came out.
 */
import { spawnSync } from 'node:child_process';
import { root, setUp } from './setup.js';

const words = process.argv.slice(2);
setUp({ projects: chosenProjects() });

const checks = words.length > 0 ? 0 : npm('run', 'check', '--silent');
const tests = npm('exec', '--', 'vitest', 'run', ...words);
if (checks !== 0) console.log('formatter, linter or type check failed: see above');
process.exit(checks || tests);

/** Those that --project names; undefined, for all of them, without it or with a pattern. */
function chosenProjects() {
  const names = words.flatMap((word, i) => {
    if (word === '--project') return [words[i + 1] ?? ''];
    return word.startsWith('--project=') ? [word.slice('--project='.length)] : [];
  });
  return names.length > 0 && names.every((name) => /^\w+$/.test(name)) ? names : undefined;
}

function npm(...command) {
  return spawnSync('npm', command, { cwd: root, stdio: 'inherit' }).status ?? 1;
}
