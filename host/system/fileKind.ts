/**
 * What kind of file some bytes are, by their magic: for the errors of verbs that were given another file than they
 * want. Nothing is proved: a file may be damaged behind its magic, and one without any may be taken for another.
 */
import { MAGIC } from '../../assembly/format.ts';

interface FileKind {
  /** with its article, as in "this is a PNG image" */
  kind: string;
  /** what to do to come from here to an image, where there is a way: words that can follow a semicolon */
  advice?: string;
}

const CONVERT = 'quantised in full to INT8 (docs/import.md has the lines), then htpw import';
const FROM_KERAS = `convert it with tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model(...)), ${CONVERT}`;
const FROM_SAVED_MODEL = `convert its folder with tf.lite.TFLiteConverter.from_saved_model(...), ${CONVERT}`;
const FROM_ONNX = 'import it first: htpw import MODEL.onnx --calibration INPUTS.npy -o IMAGE.htpw';
const FROM_PYTORCH =
  'export it with torch.onnx.export and import that; or write .safetensors, as docs/import.md shows for one family of networks';
const UNPACK = 'unpack it and give the model that is inside';
const NO_MODEL = 'give the file of a model';

const TFLITE: FileKind = { kind: 'a .tflite model', advice: 'import it first: htpw import MODEL.tflite -o IMAGE.htpw' };
export const ONNX: FileKind = { kind: 'an ONNX model', advice: FROM_ONNX };
export const SAFETENSORS: FileKind = {
  kind: 'a .safetensors checkpoint',
  advice: 'htpw import takes it with --arch (docs/import.md says of what)',
};
const PICKLE: FileKind = { kind: 'a Python pickle, as PyTorch once wrote .pt and .pth', advice: FROM_PYTORCH };

/** Kinds that are told by bytes at one place; the first that fits counts. A string stands for its Latin-1 bytes. */
const MAGICS: readonly (FileKind & { at?: number; magic: string })[] = [
  { magic: 'TFL3', at: 4, ...TFLITE },
  { magic: '\0\0\0\0{"', at: 4, ...SAFETENSORS }, // behind the lower half of a u64, the length of the JSON
  { magic: 'ET12', at: 4, kind: 'an ExecuTorch program', advice: FROM_PYTORCH },
  { magic: '\x89HDF\r\n\x1a\n', kind: 'an HDF5 file, as Keras writes .h5', advice: FROM_KERAS },
  { magic: 'GGUF', kind: 'a GGUF file' },
  { magic: '\x1f\x8b', kind: 'a gzip archive', advice: UNPACK },
  { magic: 'BZh', kind: 'a bzip2 archive', advice: UNPACK },
  { magic: '\xfd7zXZ\0', kind: 'an xz archive', advice: UNPACK },
  { magic: '\x28\xb5\x2f\xfd', kind: 'a Zstandard archive', advice: UNPACK },
  { magic: '7z\xbc\xaf\x27\x1c', kind: 'a 7z archive', advice: UNPACK },
  { magic: 'ustar', at: 257, kind: 'a tar archive', advice: UNPACK },
  { magic: '\x93NUMPY', kind: 'a NumPy array', advice: NO_MODEL },
  { magic: '\x89PNG\r\n\x1a\n', kind: 'a PNG image', advice: NO_MODEL },
  { magic: '\xff\xd8\xff', kind: 'a JPEG image', advice: NO_MODEL },
  { magic: '\xff\xfe', kind: 'text in UTF-16', advice: 'save it as UTF-8' },
  { magic: '\xfe\xff', kind: 'text in UTF-16', advice: 'save it as UTF-8' },
  { magic: 'GIF8', kind: 'a GIF image', advice: NO_MODEL },
  { magic: 'WAVE', at: 8, kind: 'a WAV recording', advice: NO_MODEL },
  { magic: 'fLaC', kind: 'a FLAC recording', advice: NO_MODEL },
  { magic: 'ID3', kind: 'an MP3 recording', advice: NO_MODEL },
  { magic: '%PDF', kind: 'a PDF document', advice: NO_MODEL },
  { magic: '\x7fELF', kind: 'an ELF program', advice: NO_MODEL },
  { magic: 'MZ', kind: 'a Windows program', advice: NO_MODEL },
  { magic: '\0asm', kind: 'a WebAssembly module', advice: NO_MODEL },
  { magic: 'UF2\n', kind: 'UF2 firmware', advice: 'give the .htpw image that it was built from' },
  {
    magic: 'version https://git-lfs',
    kind: 'a Git LFS pointer, not the file itself',
    advice: 'fetch the file with git lfs pull',
  },
  { magic: '\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8', ...PICKLE },
  { magic: '\x80\x02}', ...PICKLE },
  { magic: '\x80\x02c', ...PICKLE },
  { magic: '\x80\x04\x95', ...PICKLE },
  { magic: '\x80\x05\x95', ...PICKLE },
];

/** Archives in the zip format, by the name of a file in them. */
const ARCHIVES: readonly (FileKind & { holds: RegExp })[] = [
  { holds: /^model\.weights\.h5$/, kind: 'a Keras model (.keras, a zip archive)', advice: FROM_KERAS },
  { holds: /(^|\/)data\.pkl$/, kind: 'a PyTorch model (a zip archive)', advice: FROM_PYTORCH },
  { holds: /(^|\/)saved_model\.pb$/, kind: 'a zip archive with a SavedModel', advice: FROM_SAVED_MODEL },
  { holds: /\.tflite$/, kind: 'a zip archive with a .tflite model', advice: UNPACK },
  { holds: /\.onnx$/, kind: 'a zip archive with an ONNX model', advice: FROM_ONNX },
  { holds: /\.npy$/, kind: 'NumPy arrays (.npz, a zip archive)', advice: NO_MODEL },
];

/** Text files, by how they begin. */
const TEXTS: readonly (FileKind & { begins: RegExp })[] = [
  {
    begins: /^\{[\s\S]*"modelTopology"/,
    kind: 'a TensorFlow.js model',
    advice: 'convert the model that it was made of',
  },
  { begins: /^[{[]/, kind: 'JSON text', advice: NO_MODEL },
  { begins: /^<(!doctype )?html/i, kind: 'a web page', advice: 'a download link may have led to a page; get the file' },
  { begins: /^</, kind: 'XML text', advice: NO_MODEL },
  { begins: /^:[0-9a-f]{8}/i, kind: 'Intel HEX firmware', advice: 'give the .htpw image that it was built from' },
  {
    begins: /\b(char|u?int8_t)\b[^;{]*\[\d*\][^;{]*=\s*\{\s*(0x|-?\d)/,
    kind: 'C source with an array',
    advice: 'give the binary file that the array was made of (xxd -r -p brings it back from the numbers)',
  },
];

/** Enough for the text in front of an array, and for the list of files at the end of an archive. */
export const LOOKED_AT = 1 << 16;

/** By its first bytes, and for a zip archive by the names of what it holds. Never throws. */
export function describeFile(bytes: Uint8Array): FileKind {
  if (bytes.length === 0)
    return { kind: 'an empty file', advice: 'write it again; the program that made it may have failed' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length >= 4 && view.getUint32(0, true) === MAGIC)
    return { kind: 'an .htpw image', advice: 'it needs no import; htpw inspect shows it' };
  const start = latin1(bytes.subarray(0, LOOKED_AT));
  if (start.startsWith('HTPA'))
    return { kind: 'an add-on', advice: 'join it to its image first: htpw add BASE.htpw ADDON.htpa -o IMAGE.htpw' };
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return ofArchive(bytes);
  const { kind, advice } =
    MAGICS.find(({ magic, at = 0 }) => start.startsWith(magic, at)) ??
    ofProtobuf(bytes) ??
    ofText(start) ??
    unknown(bytes);
  return { kind, advice };
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** Every file in an archive has a record "PK", 3, 4 in front of it, and one "PK", 1, 2 in the list at the end. */
function ofArchive(bytes: Uint8Array): FileKind {
  const names = [
    ...namesIn(latin1(bytes.subarray(0, LOOKED_AT)), 'PK\x03\x04', 26, 30),
    ...namesIn(latin1(bytes.subarray(-LOOKED_AT)), 'PK\x01\x02', 28, 46),
  ];
  const known = ARCHIVES.find(({ holds }) => names.some((name) => holds.test(name)));
  return { kind: known?.kind ?? 'a zip archive', advice: known?.advice ?? UNPACK };
}

/** The names in the records that begin with `mark`, from where in a record their u16 length and they themselves lie. */
function namesIn(text: string, mark: string, lengthAt: number, nameAt: number): string[] {
  const names: string[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    const length = text.charCodeAt(at + lengthAt) + 256 * text.charCodeAt(at + lengthAt + 1);
    if (length > 0) names.push(text.slice(at + nameAt, at + nameAt + length));
  }
  return names;
}

/** Protocol buffers have no magic, but the numbers and types of their first fields tell. */
function ofProtobuf(bytes: Uint8Array): FileKind | undefined {
  const [first, second] = protobufFields(bytes);
  // SavedModel: version, graphs; ONNX: version, then producer and its version, graph or operator sets; GraphDef: nodes
  if (first === 'number 1' && bytes[1] === 1 && second === 'bytes 2' && bytes[2 + varint(bytes, 3).length + 1] === 0x0a)
    return { kind: 'the saved_model.pb of a SavedModel', advice: FROM_SAVED_MODEL };
  if (first === 'number 1' && ['bytes 2', 'bytes 3', 'bytes 7', 'bytes 8'].includes(second)) return ONNX;
  const node = first === 'bytes 1' ? 1 + varint(bytes, 1).length : 0;
  const name = bytes[node + 1];
  if (node > 0 && bytes[node] === 0x0a && name < 0x80 && bytes[node + 2 + name] === 0x12)
    return {
      kind: 'a frozen TensorFlow graph (.pb)',
      advice: `convert it with tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(...), ${CONVERT}`,
    };
  return undefined;
}

/** The first two fields as type and number, as far as they are numbers below 16 of type varint or bytes. */
function protobufFields(bytes: Uint8Array): string[] {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < 2 && at < bytes.length) {
    const [number, type] = [bytes[at] >> 3, bytes[at] & 7];
    const { value, length } = varint(bytes, at + 1);
    if (number === 0 || number > 15 || (type !== 0 && type !== 2)) break;
    fields.push(`${type === 0 ? 'number' : 'bytes'} ${number}`);
    at += 1 + length + (type === 2 ? value : 0);
  }
  return fields;
}

/** Seven bits a byte, lowest first; the top bit says that more follow. */
function varint(bytes: Uint8Array, at: number): { value: number; length: number } {
  let [value, length] = [0, 0];
  do value += (bytes[at + length] & 0x7f) * 2 ** (7 * length);
  while (bytes[at + length++] >= 0x80 && length < 10);
  return { value, length };
}

const CONTROLS_IN_TEXT = ['\t', '\n', '\f', '\r'];

function ofText(start: string): FileKind | undefined {
  const readable = Array.from(start).every((character) => character >= ' ' || CONTROLS_IN_TEXT.includes(character));
  if (!readable) return undefined;
  const text = start.replace(/^\xef\xbb\xbf/, '').trimStart();
  return TEXTS.find(({ begins }) => begins.test(text)) ?? { kind: 'text', advice: NO_MODEL };
}

function unknown(bytes: Uint8Array): FileKind {
  const first = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return { kind: `a file of an unknown kind (first bytes ${first})` };
}
