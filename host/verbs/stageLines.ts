/** How far long work is, in lines, where stderr is no terminal: one for each stage and now and then, none for short work. */

/** Seconds before anything is said, and between two lines of one stage. */
const PATIENCE = 30;
const EVERY = 60;

export class StageLines {
  private readonly began: number;
  /** of the present stage: its name, when it began, and what was done then */
  private stage = { note: '', at: 0, done: 0, total: 0 };
  private said = Number.NEGATIVE_INFINITY;
  private saidStage = '';

  /** `now` in seconds */
  constructor(
    private readonly label: string,
    private readonly say: (line: string) => void,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {
    this.began = now();
  }

  report(done: number, total: number, note = ''): void {
    const at = this.now();
    const name = note.replaceAll(/[\d.,]+/g, '#'); // figures do not make a stage
    if (name !== this.stage.note || total !== this.stage.total || done < this.stage.done)
      this.stage = { note: name, at, done, total };
    const isNew = this.saidStage !== `${name} ${total}`;
    if (at - this.began < PATIENCE || at - this.said < (isNew ? 0 : EVERY)) return;
    this.say(`${this.label}: ${done} of ${total}${this.left(done, total, at)}${note === '' ? '' : `, ${note}`}`);
    this.said = at;
    this.saidStage = `${name} ${total}`;
  }

  /** At the end, where anything was said. */
  end(): void {
    if (this.said > 0) this.say(`${this.label}: done after ${duration(this.now() - this.began)}`);
  }

  /** ", about 2 min left", from the speed of the stage so far. */
  private left(done: number, total: number, at: number): string {
    const gone = done - this.stage.done;
    return gone <= 0 ? '' : `, about ${duration(((at - this.stage.at) / gone) * (total - done))} left`;
  }
}

/** "45 s", "3 min", "2 h 5 min" */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
