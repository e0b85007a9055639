/** Verifies a capture (capture.ts) of an agent offline: every inference in it is computed again by the reference. */
import { loadBoard } from '../boards/board.ts';
import { type Exchange, readCapture } from './capture.ts';
import { assertSameImage, type Conversation, type Reference, Tally } from './compare.ts';
import { ReplyError, readInfo, readLoad, readRun } from './reply.ts';

export interface ReplayOptions {
  image: Uint8Array;
  /** a name, or a folder's path; may be left out with a capture, which says what board it is from */
  board?: string;
  program?: number;
  /** `traced`: the board runs the input once more for the checksums of its layers (docs/protocol.md) */
  reference: (input: Uint8Array, traced: boolean) => Reference | Promise<Reference>;
  /** called where the board loads the program anew, with which what it keeps begins */
  restart?: () => void;
  onProgress?: (done: number, total: number) => void;
  root?: string;
}

/** "001d3a" as bytes; what the agent would not have taken either is refused. */
function parseInput(hex: string): Uint8Array {
  if (/^([0-9a-f]{2})+$/i.test(hex)) return Buffer.from(hex, 'hex');
  throw new Error(`expected an input of two hex digits a byte, got "${hex.slice(-40)}"; is the line complete?`);
}

class Replay {
  readonly tally = new Tally();
  info: Conversation['info'] | null = null;
  loaded: ReturnType<typeof readLoad> | null = null;
  weightsChecked = false;

  constructor(private readonly options: ReplayOptions) {}

  async take({ command, reply, refusal }: Exchange): Promise<void> {
    const [word, argument = '', option] = command.split(/ +/);
    const known = ['info', 'load', 'run', 'weights'].includes(word);
    if (!known) return; // bench and dump say nothing that can be compared
    if (refusal !== null) throw new Error(`"${command.slice(0, 40)}": the board refused it with ${refusal}`);
    if (word === 'info') this.takeInfo(readInfo(reply));
    else if (word === 'load') this.takeLoad(Number(argument), readLoad(reply));
    else if (word === 'run') await this.takeRun(parseInput(argument), option === 'trace', reply);
    else this.weightsChecked = true;
  }

  private takeInfo(info: Conversation['info']): void {
    const { board, image, root } = this.options;
    const expected = board === undefined ? info.board : loadBoard(board, root).name;
    if (expected !== info.board)
      throw new Error(`expected board ${expected}, got ${info.board}; name that one, or none`);
    assertSameImage(info, image);
    this.info = info;
  }

  private takeLoad(program: number, loaded: ReturnType<typeof readLoad>): void {
    const expected = this.options.program ?? 0;
    if (program !== expected) throw new Error(`expected load ${expected}, got load ${program}; verify that program`);
    this.loaded = loaded;
    this.options.restart?.();
  }

  private async takeRun(input: Uint8Array, traced: boolean, reply: Exchange['reply']): Promise<void> {
    if (!this.loaded) throw new Error('expected a load before the first run, got none; a line is missing above');
    const got = readRun(reply, traced ? this.loaded.operators : 0);
    const expected = await this.options.reference(input, traced);
    if (got.output.length !== expected.output.length) {
      const bytes = `${expected.output.length} bytes of output`;
      throw new ReplyError(reply.lines.length, bytes, `${got.output.length} bytes`);
    }
    // an inference that was not traced has no layers to compare
    this.tally.add(got, traced ? expected : { ...expected, layers: [] });
  }
}

/** Throws, with file and line, where the capture does not suffice. */
export async function replay(path: string, options: ReplayOptions): Promise<Conversation> {
  const exchanges = readCapture(path);
  const state = new Replay(options);
  for (const [index, exchange] of exchanges.entries()) {
    try {
      await state.take(exchange);
    } catch (error) {
      const line = error instanceof ReplyError ? exchange.replyLines[error.line] : exchange.line;
      throw new Error(`${path}:${line}: ${(error as Error).message}`);
    }
    options.onProgress?.(index + 1, exchanges.length);
  }
  const { info, loaded, tally, weightsChecked } = state;
  const missing = !info ? 'info' : !loaded ? 'load' : tally.windows === 0 ? 'run' : null;
  if (missing) throw new Error(`${path}: expected the commands info, load and run, got no ${missing}; record it again`);
  return { tally, bootTicks: loaded!.ticks, info: info!, weightsChecked };
}
