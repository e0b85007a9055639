#!/usr/bin/env node
/** The command line. In a clone the compiled host may be missing or older than its sources: then it is built first. */
import { ensureBuilt } from './build.js';

await ensureBuilt();
const { runProcess } = await import('../dist/host/cli.js');
await runProcess(process.argv.slice(2));
