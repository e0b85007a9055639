/** Client of the agent's line protocol (docs/protocol.md), over any transport. */
import { createInterface, type Interface } from 'node:readline';
import type { Recording } from './capture.ts';
import {
  type AgentInfo,
  type Profile,
  parseFields,
  type Reply,
  ReplyError,
  type RunResult,
  readBench,
  readInfo,
  readLoad,
  readOutput,
  readProfile,
  readRun,
} from './reply.ts';
import type { Transport } from './transport.ts';

/** What lies behind a refusal that a host which speaks the protocol cannot cause by itself. */
const CAUSES: Record<string, string> = {
  BAD_COMMAND: 'the board runs another agent, or the line was damaged on its way; flash it again and check the cable',
  BAD_HEX: 'the line was damaged on its way; check the cable and the baud rate',
  BAD_LENGTH: 'the line was cut on its way, or the board runs another image; check the cable, flash it again',
  BAD_NUMBER: 'the line was damaged on its way; check the cable and the baud rate',
  BAD_OPTION: 'the board runs an older agent; flash it again',
  FAULT: 'the program on the board crashed; a stack that is too small is the usual cause (board.json, stackBytes)',
  LINE_TOO_LONG: 'the board runs another image, with a shorter input; flash it again',
};

/** What the agent refused, by name. */
export class AgentError extends Error {
  constructor(
    command: string,
    readonly code: string,
    readonly detail: string,
  ) {
    const [word] = command.split(' ');
    const cause = CAUSES[code] ?? 'docs/protocol.md says when; flash the board again if its firmware is older';
    super(`agent: "${word}": refused with ${code}${detail ? ` (${detail})` : ''}: ${cause}`);
  }
}

/** The agent's first line. */
const GREETING = /^# hypertinypw\b/;

const toHex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

interface AgentOptions {
  /** takes every line; closed with the agent */
  record?: Recording;
  /** longest wait for a reply, in milliseconds */
  timeout?: number;
  /** after how long the board's counter may have gone round unnoticed (counterSeconds() of board.ts) */
  counterSeconds?: number;
}

export class Agent {
  private readonly lines: Interface;
  private readonly record: Recording | undefined;
  private readonly timeout: number;
  private readonly counterSeconds: number;
  /** of the loaded program; 0 before */
  private operators = 0;
  /** the program listens */
  private readonly greeted: Promise<void>;
  private heard = () => {};
  /** why nothing more will come */
  private over: Error | null = null;
  private waiting: {
    command: string;
    lines: string[];
    done: (reply: Reply) => void;
    failed: (error: Error) => void;
  } | null = null;

  constructor(
    private readonly transport: Transport,
    options: AgentOptions = {},
  ) {
    this.timeout = options.timeout ?? 120_000;
    this.counterSeconds = options.counterSeconds ?? Number.POSITIVE_INFINITY;
    this.record = options.record;
    this.greeted = transport.greets ? new Promise((resolve) => (this.heard = resolve)) : Promise.resolve();
    this.lines = createInterface({ input: transport.readable });
    this.lines.on('line', (line) => this.receive(line.trim()));
    transport.ended.then((reason) => {
      this.over = new Error(reason);
      this.waiting?.failed(this.over);
    });
  }

  private receive(line: string): void {
    this.record?.received(line);
    if (GREETING.test(line)) this.heard();
    if (!this.waiting || line === '' || line.startsWith('#')) return; // comments are for people
    const { command, lines, done, failed } = this.waiting;
    if (line === 'ok' || line.startsWith('ok ')) done({ fields: parseFields(line), lines });
    else if (line.startsWith('error ')) {
      const [, code, detail] = /^error (\S+) ?(.*)$/.exec(line) ?? ['', line, ''];
      failed(new AgentError(command, code, detail));
    } else lines.push(line);
  }

  /** Sends one line and waits for its answer; throws AgentError when that is an error. */
  command(command: string): Promise<Reply> {
    if (this.waiting) throw new Error(`agent: "${command}" sent before "${this.waiting.command}" was answered`);
    if (this.over) return Promise.reject(this.over);
    return new Promise<Reply>((resolve, reject) => {
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          this.waiting = null;
          then(value);
        };
      const failed = settle(reject);
      const seconds = this.timeout / 1000;
      const timer = setTimeout(
        () => failed(new Error(`agent: "${command.slice(0, 40)}": no answer in ${seconds} s; is it running?`)),
        this.timeout,
      );
      this.waiting = { command, lines: [], done: settle(resolve), failed };
      this.greeted.then(() => {
        this.record?.sent(command);
        this.transport.writable.write(`${command}\n`);
      });
    });
  }

  /** The same for a command that is timed: refused where each of its runs took so long that the ticks say nothing. */
  private async timed<T>(command: string, read: (reply: Reply) => T, runs = 1): Promise<T> {
    await this.greeted;
    const start = performance.now();
    const result = await this.ask(command, read);
    const seconds = (performance.now() - start) / 1000 / runs;
    if (seconds < this.counterSeconds) return result;
    const most = `at most ${this.counterSeconds.toFixed(1)} s, after which the counter goes round`;
    throw new Error(
      `agent: ${command.slice(0, 40)}: expected ${most}, took ${seconds.toFixed(1)} s; its ticks are lost`,
    );
  }

  /** Sends one line and reads its answer; what cannot be read is an error that names the command. */
  private async ask<T>(command: string, read: (reply: Reply) => T): Promise<T> {
    const reply = await this.command(command);
    try {
      return read(reply);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      throw new Error(`agent: ${command.slice(0, 40)}: ${error.message}`);
    }
  }

  info(): Promise<AgentInfo> {
    return this.ask('info', readInfo);
  }

  async load(program: number): Promise<{ ticks: number; operators: number }> {
    const loaded = await this.timed(`load ${program}`, readLoad);
    this.operators = loaded.operators;
    return loaded;
  }

  run(input: Uint8Array, trace = false): Promise<RunResult> {
    const operators = trace ? this.operators : 0;
    return this.timed(`run ${toHex(input)}${trace ? ' trace' : ''}`, (reply) => readRun(reply, operators));
  }

  bench(runs: number): Promise<{ total: number; most: number }> {
    return this.timed(`bench ${runs}`, (reply) => readBench(reply, runs), runs);
  }

  /** Result of one operator for the last input. */
  dump(operator: number): Promise<Uint8Array> {
    return this.ask(`dump ${operator}`, readOutput);
  }

  /** Loads the program again and times every operator over the last input. */
  profile(): Promise<Profile> {
    return this.timed('profile', (reply) => readProfile(reply, this.operators));
  }

  /** Stops a long command: any byte does, and an empty line has no answer of its own. */
  interrupt(): void {
    this.transport.writable.write('\n');
  }

  async weights(): Promise<void> {
    await this.command('weights');
  }

  async close(): Promise<void> {
    this.lines.removeAllListeners('line').close(); // what still arrives answers nothing
    await this.transport.close();
    this.record?.close();
  }
}
