/**
 * Images and the WebAssembly that runs them, from wherever they are: bytes, URLs, responses; where there is a process
 * (Node, Deno, Bun), files.
 */
import { nameOf } from './ports.ts';
import { Runtime, type Wasm } from './runtime.ts';
import { isArrayBuffer, isUint8Array } from './typed.ts';

/** Bytes, or where they are: a URL, relative to the page in a browser; in Node also a path, relative to its folder. */
export type Source = string | URL | Response | ArrayBuffer | Uint8Array;

/** What load() may be told besides the image. */
export interface LoadOptions {
  /** a variant of the runtime; default the fastest, simd, which lies beside this module */
  wasm?: Source | WebAssembly.Module;
  /** of an image with several */
  program?: number;
}

/** An image ready to run. Throws StatusError for one that is damaged, Error for a source that cannot be read. */
export async function load(image: Source, { wasm, program = 0 }: LoadOptions = {}): Promise<Runtime> {
  const [bytes, module] = await Promise.all([bytesOf(image), compile(wasm)]);
  return loadSync(bytes, module, program);
}

/** The same at once, of bytes that are there. `wasm`: bytes, or a module that compile() gave. */
export function loadSync(image: ArrayBuffer | Uint8Array, wasm: Wasm, program = 0): Runtime {
  return new Runtime(isArrayBuffer(image) ? new Uint8Array(image) : image, wasm).load(program);
}

const SIMD = new URL('../../runtime/htpw.simd.node.wasm', import.meta.url); // in this form bundlers take the file along
let simd: Promise<WebAssembly.Module> | undefined;

/** A variant of the runtime, for any number of images; without a source the fastest, fetched once. */
export function compile(wasm?: Source | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (wasm !== undefined) return compiled(wasm);
  simd ??= compiled(SIMD).catch((error) => {
    simd = undefined; // the network may come back
    throw error;
  });
  return simd;
}

async function compiled(wasm: Source | WebAssembly.Module): Promise<WebAssembly.Module> {
  return wasm instanceof WebAssembly.Module ? wasm : WebAssembly.compile(await bytesOf(wasm));
}

async function bytesOf(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  if (isUint8Array(source)) return source as Uint8Array<ArrayBuffer>;
  if (isArrayBuffer(source)) return new Uint8Array(source);
  if (source instanceof Response) return bodyOf(source, `load: ${source.url || 'the response'}: `);
  if (typeof source !== 'string' && !(source instanceof URL))
    throw new TypeError(`load: expected bytes, a URL or a Response, got ${nameOf(source)}`);
  try {
    return await (readFile(source) ?? fetch(source).then((response) => bodyOf(response)));
  } catch (error) {
    throw new Error(`load: ${source}: cannot be read (${(error as Error).message})`, { cause: error });
  }
}

async function bodyOf(response: Response, where = ''): Promise<Uint8Array<ArrayBuffer>> {
  const { ok, status, statusText } = response;
  if (!ok) throw new Error(`${where}expected a file, got ${status} ${statusText}`.trimEnd());
  return new Uint8Array(await response.arrayBuffer());
}

/** A file where there are any; null for what must be fetched. An import of fs would keep browsers out. */
function readFile(source: string | URL): Promise<Uint8Array<ArrayBuffer>> | null {
  const isWeb = /^(https?|data|blob):/i.test(String(source));
  const files = isWeb ? undefined : globalThis.process?.getBuiltinModule?.('fs');
  if (!files) return null;
  const isUrl = /^file:/i.test(String(source));
  return files.promises.readFile(isUrl ? new URL(source) : source).then((bytes) => new Uint8Array(bytes));
}
