/** How far a sweep is: bars on a terminal, a line for each run that begins or ends elsewhere. */
import { MultiBar, type SingleBar } from 'cli-progress';
import { printable } from '../system/printable.ts';

export class ProgressBoard {
  private readonly bars: MultiBar | null;
  private readonly whole: SingleBar | null;
  private readonly running = new Map<string, SingleBar>();
  private ended = 0;

  /** `skipped`: recorded before */
  constructor(
    private readonly total: number,
    skipped: number,
  ) {
    const format = '{bar} {value}/{total} {run} {note}';
    this.bars = process.stderr.isTTY
      ? new MultiBar({ format, hideCursor: true, stream: process.stderr, forceRedraw: true })
      : null;
    const note = skipped > 0 ? `runs, ${skipped} recorded before` : 'runs';
    this.whole = this.bars?.create(total, 0, { run: '', note }) ?? null;
    if (!this.bars) this.say(`${total} ${note}`);
  }

  start(run: string): void {
    if (this.bars) this.running.set(run, this.bars.create(1, 0, { run, note: '' }));
    else this.say(`${run}: begins`);
  }

  progress(run: string, { done, total, note }: { done: number; total: number; note: string }): void {
    const bar = this.running.get(run);
    bar?.setTotal(total);
    bar?.update(done, { note: printable(note) });
  }

  end(run: string, said: string): void {
    this.ended++;
    const bar = this.running.get(run);
    if (bar) this.bars!.remove(bar);
    this.running.delete(run);
    const line = `[${this.ended}/${this.total}] ${run}: ${said}`;
    this.say(line);
    this.whole?.update(this.ended);
  }

  stop(): void {
    this.bars?.stop();
  }

  say(line: string): void {
    if (this.bars) this.bars.log(`${printable(line)}\n`);
    else console.error(printable(line));
  }
}
