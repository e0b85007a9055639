/**
 * npm test: sets up what is missing, then everything that needs no hardware. Words after -- go to vitest.
 * Skipped tests are listed by name, so that nobody takes them for passed ones.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, setUp } from './setup.js';

setUp();
const filters = process.argv.slice(2);
const results = join(root, 'build', 'test-results.json');
mkdirSync(join(root, 'build'), { recursive: true });
rmSync(results, { force: true });

const checks = filters.length > 0 ? 0 : npm('run', 'check', '--silent');
const tests = npm(
  'exec',
  '--',
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${results}`,
  ...filters,
);

const { testResults, numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(results, 'utf8'));
const skipped = testResults.flatMap((file) =>
  file.assertionResults.filter((test) => test.status === 'skipped' || test.status === 'pending'),
);
if (skipped.length > 0) console.log('\nskipped:');
for (const { fullName } of skipped) console.log(`  ${fullName}`);
if (checks !== 0) console.log('\nformatter, linter or type check failed: see above');
console.log(`${numPassedTests} passed, ${numFailedTests + (checks === 0 ? 0 : 1)} failed, ${numPendingTests} skipped`);
process.exit(checks || tests);

function npm(...words) {
  return spawnSync('npm', words, { cwd: root, stdio: 'inherit' }).status ?? 1;
}
