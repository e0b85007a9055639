/** Client of the agent's line protocol (docs/protocol.md), over any transport. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Transport } from './transport.ts';

export type Fields = Record<string, string>;

export interface Reply {
  /** key=value of the "ok" line */
  fields: Fields;
  /** lines before it, such as "layer 0 crc=... bytes=..." */
  lines: string[];
}

/** What the agent refused, by name. */
export class AgentError extends Error {
  constructor(
    command: string,
    readonly code: string,
    readonly detail: string,
  ) {
    super(`agent: ${command.slice(0, 40)}: ${code}${detail ? ` (${detail})` : ''}`);
  }
}

export interface AgentInfo {
  board: string;
  core: string;
  variant: string;
  imageBytes: number;
  /** "OK", or the status with which the image was refused */
  image: string;
  programs: number;
  arenaBytes: number;
  inputBytes: number;
  outputBytes: number;
  operators: number;
  stackBytes: number;
  stackUsed: number;
}

export interface RunResult {
  output: Uint8Array;
  /** of a plain invoke, without any tracing */
  ticks: number;
  /** CRC-32 of each operator's result; empty unless traced */
  layers: number[];
}

const parseFields = (text: string): Fields =>
  Object.fromEntries([...text.matchAll(/(\S+?)=(\S*)/g)].map(([, key, value]) => [key, value]));

const toHex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

export interface AgentOptions {
  /** file that takes every line, sent "> " and received "< " */
  log?: string;
  /** longest wait for a reply, in milliseconds */
  timeout?: number;
}

export class Agent {
  private readonly lines: Interface;
  private readonly log: WriteStream | null;
  private readonly timeout: number;
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
    this.log = options.log ? createWriteStream(options.log) : null;
    this.lines = createInterface({ input: transport.readable });
    this.lines.on('line', (line) => this.receive(line.trim()));
    transport.ended.then((reason) => this.waiting?.failed(new Error(reason)));
  }

  private receive(line: string): void {
    this.log?.write(`< ${line}\n`);
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
      this.log?.write(`> ${command}\n`);
      this.transport.writable.write(`${command}\n`);
    });
  }

  async info(): Promise<AgentInfo> {
    const { fields } = await this.command('info');
    const number = (key: string) => Number(fields[key]);
    return {
      board: fields.board,
      core: fields.core,
      variant: fields.variant,
      imageBytes: number('imageBytes'),
      image: fields.image,
      programs: number('programs'),
      arenaBytes: number('arenaBytes'),
      inputBytes: number('inputBytes'),
      outputBytes: number('outputBytes'),
      operators: number('operators'),
      stackBytes: number('stackBytes'),
      stackUsed: number('stackUsed'),
    };
  }

  async load(program: number): Promise<{ ticks: number; operators: number }> {
    const { fields } = await this.command(`load ${program}`);
    return { ticks: Number(fields.ticks), operators: Number(fields.operators) };
  }

  async run(input: Uint8Array, trace = false): Promise<RunResult> {
    const { fields, lines } = await this.command(`run ${toHex(input)}${trace ? ' trace' : ''}`);
    const layers = lines
      .filter((line) => line.startsWith('layer '))
      .map((line) => Number.parseInt(parseFields(line).crc, 16));
    return { output: Buffer.from(fields.output, 'hex'), ticks: Number(fields.ticks), layers };
  }

  async bench(runs: number): Promise<{ total: number; most: number }> {
    const { fields } = await this.command(`bench ${runs}`);
    return { total: Number(fields.total), most: Number(fields.most) };
  }

  /** Result of one operator for the last input. */
  async dump(operator: number): Promise<Uint8Array> {
    return Buffer.from((await this.command(`dump ${operator}`)).fields.output, 'hex');
  }

  async weights(): Promise<void> {
    await this.command('weights');
  }

  async close(): Promise<void> {
    this.lines.close();
    this.log?.end();
    await this.transport.close();
  }
}
