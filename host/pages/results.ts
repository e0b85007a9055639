/** docs/results.md, its picture, and what README.md says of both: figures of bench/ beside those of others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBoard } from '../boards/board.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { shareChart } from '../drawing/shareChart.ts';
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import type { Figures, ModelFigure } from '../measure/figures.ts';
import type { ImportedFigure } from '../measure/imported.ts';
import { type Core, KERNELS, peerCore, shapeName } from '../measure/kernels.ts';
import { ECG_PEER, PEERS, type Peer } from '../measure/peers.ts';
import { TOPOLOGIES } from '../measure/topologies.ts';
import { ImageView } from '../records/view.ts';
import { grouped } from '../system/grouped.ts';
import { projectRoot } from '../system/root.ts';
import { cyclesHeadline, cyclesSection } from './cycles.ts';
import type { Records } from './records.ts';

/** Networks of MLPerf Tiny, as people call them. */
const NAMES: Record<ImportedFigure['network'], string> = {
  kws: 'keyword spotting',
  vww: 'visual wake words',
  ic: 'image classification',
  ad: 'anomaly detection',
  personDetection: 'person detection',
};

/** The quantities that are compared, and whose they are. */
interface Beside {
  label: string;
  ours: number;
  theirs: number;
}

function beside({ network, flashBytes, arenaBytes, instructions }: ImportedFigure): Beside[] {
  const peer: { flashBytes: number; cores: { M7: Peer } } = PEERS[network];
  return [
    { label: 'flash', ours: flashBytes, theirs: peer.flashBytes },
    { label: 'arena', ours: arenaBytes, theirs: peer.cores.M7.arenaBytes! },
    { label: 'instructions', ours: instructions, theirs: peer.cores.M7.inference },
  ];
}

/** Those that differ by the network alone: imported as `htpw import` does it by itself. */
const plain = ({ imported }: Records): ImportedFigure[] => imported.networks.filter(({ lossless }) => !lossless);

/** "0.38 to 0.93" */
function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
}

/** The shares of all networks in one quantity. */
const shares = (records: Records, label: string): number[] =>
  plain(records).flatMap((figure) =>
    beside(figure).flatMap((each) => (each.label === label ? [each.ours / each.theirs] : [])),
  );

/** Three digits and a unit: "39.1 kB", "4.52 M". */
function short(value: number, label: string): string {
  const unit = label === 'instructions' ? ([1e6, 'M'] as const) : ([1e3, 'kB'] as const);
  return `${(value / unit[0]).toPrecision(3)} ${unit[1]}`;
}

/** docs/results.svg */
export function resultsChart(records: Records): string {
  const all = (label: string) => range(shares(records, label));
  return shareChart({
    title: 'MLPerf Tiny on a Cortex-M7',
    description:
      `Four trained networks beside TensorFlow Lite Micro with CMSIS-NN, which is 1. Flash: ${all('flash')}. ` +
      `Arena: ${all('arena')}. Instructions per inference: ${all('instructions')}.`,
    legend: ['hypertinypw', 'TensorFlow Lite Micro with CMSIS-NN'],
    groups: plain(records).map((figure) => ({
      title: NAMES[figure.network],
      bars: beside(figure).map(({ label, ours, theirs }) => ({
        label,
        share: ours / theirs,
        text: `${short(ours, label)} of ${short(theirs, label)}`,
      })),
    })),
  });
}

/** What README.md says in figures. */
export function headlines(records: Records): string {
  const m7 = records.figures.find(({ board }) => board === records.imported.board)!;
  const share = (label: string) => range(shares(records, label));
  return `![The four networks of MLPerf Tiny beside TensorFlow Lite Micro: flash, arena, instructions](docs/results.svg)

The trained networks of MLPerf Tiny need ${share('flash')} of TensorFlow Lite Micro's flash,
${share('arena')} of its arena and ${share('instructions')} of its instructions, with the same output bytes.
${cyclesHeadline(records)}
The runtime of the ECG network is ${grouped(m7.text.tailoredEcg)} bytes of code on a Cortex-M7.
[docs/results.md](docs/results.md) has more networks, cores and kernels.`;
}

/** The images of the ECG network: generated weights, then the same network with stored ones. */
const ECG_IMAGES = [
  ['generated', 'models/ecg-beats.htpw'],
  ['INT8', 'models/controls/ecg-beats-int8.htpw'],
  ['INT4', 'models/controls/ecg-beats-int4.htpw'],
] as const;

/** docs/results.md */
export function resultsPage(records: Records): string {
  return `# Results

Networks and kernels here and elsewhere. \`npx htpw pages\` writes this page from the records in \`bench/\`, which
\`npm run bench\` and \`npx htpw bench --imported\` measure; \`npm test\` checks that nothing has grown. Instructions are
exact counts in QEMU; [cycles](#cycles-estimated) are estimates. TensorFlow Lite Micro (TFLM) was built with CMSIS-NN and counted in the same emulator.

![The four networks of MLPerf Tiny beside TensorFlow Lite Micro: flash, arena, instructions](results.svg)

Other pages have every committed image on every board, with estimates of time and energy ([deploy.md](deploy.md)); RAM
against instructions ([residency.md](residency.md)); what each byte buys, on people that training has never met and
on later data of those that it has ([evidence.md](evidence.md)); bytes against accuracy ([compress.md](compress.md)); the accuracy of the ECG network
([model card](../models/ecg-beats.md)); code and stack of the C library ([c.md](c.md#what-it-takes)); and bounds of time
([reliability.md](reliability.md)).

## MLPerf Tiny, trained

Imported from the \`.tflite\` files with [\`htpw import\`](import.md). All output bytes are those of TensorFlow Lite Micro,
in Node and on every emulated core (\`npx htpw golden\`). _Flash_ is image, runtime and start-up code on a Cortex-M7; all
ratios are ours divided by theirs.

${importedTable(records)}
## MLPerf Tiny, random weights

The same topologies on more cores: instructions per inference.

${topologyTable(records)}
Instructions before the first inference on a Cortex-M7: \`load\` beside TFLM's \`AllocateTensors\`, and \`open\`, which
verifies the image once and has no counterpart.

${startTable(records)}
Most of \`open\` is the CRC: ${crcCost(records)} instructions a byte.

## The ECG network

Bytes of the image by purpose (\`npx htpw inspect\`), with generated pointwise weights and with stored ones:

${bytesTable()}
From the _codes_ the _generator_, a micro-MLP, makes the weights of the pointwise layers behind PW1, with the two INT2
matrices in _basis/head_ that all of them share. Instructions and bytes of arena, with weights in a cache and streamed at
every inference:

${ecgTable(records)}
${ecgBeside(records)}

## Code

Bytes of the runtime without image, agent and drivers: for the ECG network, and with all operators, encodings and sources.

${codeTable(records)}
## Kernels

Instructions per multiply-accumulate of one operator, requantisation and dispatch included, and the ratio to CMSIS-NN's
where that was measured. An addition, or a value that is averaged, counts as one multiply-accumulate.

${kernelTable(records)}
## Cycles, estimated

${cyclesSection(records)}`;
}

function importedTable({ imported }: Records): string {
  const rows = imported.networks.map((figure) => {
    const { network, lossless, channels, deadChannels } = figure;
    const dead =
      deadChannels > 0 ? `, ${grouped(deadChannels)} of ${grouped(channels)} channels dead and left out` : '';
    const name = `${NAMES[network]}${lossless ? ', `--lossless`' : ''}${dead}`;
    return [name, ...beside(figure).flatMap(({ ours, theirs }) => [grouped(ours), (ours / theirs).toFixed(2)])];
  });
  const titles = ['flash', 'arena', 'instructions'].flatMap((title) => [title, 'of TFLM']);
  return markdownTable(['model', ...titles], rows, 1);
}

const coreOf = ({ board }: Figures): string => loadBoard(board).core;

/** Theirs on the same core; undefined where it was not measured. */
const onSameCore = <T>(figures: Figures, of: Partial<Record<Core, T>>): T | undefined => {
  const core = peerCore(coreOf(figures));
  return core && of[core];
};

const ratio = (ours: number, theirs: number | undefined): string => (theirs ? (ours / theirs).toFixed(2) : '');

/** Titles of a column of ours for each core and, where `has` says so, of one for the ratio to theirs. */
const coreTitles = (figures: readonly Figures[], has: (figures: Figures) => boolean, theirs: string): string[] =>
  figures.flatMap((each) => [coreOf(each), ...(has(each) ? [theirs] : [])]);

function topologyTable({ figures }: Records): string {
  const compared = (each: Figures) => TOPOLOGIES.some(({ peer }) => onSameCore(each, peer));
  const rows = TOPOLOGIES.map(({ name, description, peer }) => [
    description,
    ...figures.flatMap((each) => {
      const { perInference } = each.models.find(({ model }) => model === name)!;
      const besides = ratio(perInference, onSameCore(each, peer)?.inference);
      return [grouped(perInference), ...(compared(each) ? [besides] : [])];
    }),
  ]);
  return markdownTable(['network', ...coreTitles(figures, compared, 'of TFLM')], rows, 1);
}

function startTable({ figures, imported }: Records): string {
  const { models } = figures.find(({ board }) => board === imported.board)!;
  const rows = TOPOLOGIES.map(({ name, description, peer }) => {
    const { boot, open } = models.find(({ model }) => model === name)!;
    return [description, grouped(boot), grouped(peer.M7!.startUp!), grouped(open)];
  });
  return markdownTable(['network', 'load', 'AllocateTensors', 'open'], rows, 1);
}

function kernelTable({ figures }: Records): string {
  const compared = (each: Figures) => KERNELS.some(({ cmsis }) => onSameCore(each, cmsis));
  const rows = KERNELS.map((kernel) => [
    kernel.kind,
    shapeName(kernel),
    ...figures.flatMap((each) => {
      const figure = each.kernels.find((known) => known.kernel === kernel.kind && known.shape === shapeName(kernel))!;
      const besides = ratio(figure.perMac, onSameCore(each, kernel.cmsis));
      return [figure.perMac.toFixed(2), ...(compared(each) ? [besides] : [])];
    }),
  ]);
  return markdownTable(['kernel', 'shape', ...coreTitles(figures, compared, 'of CMSIS-NN')], rows, 2);
}

/** Of a byte that is nothing but read for the CRC: the longest of the images made for that. */
function crcCost({ reliability, imported }: Records): string {
  const { images } = reliability.worst.find(({ board }) => board === imported.board)!;
  const { open, bytes } = images.find(({ image }) => image === 'a long weight section')!;
  return (open / bytes).toFixed(1);
}

function bytesTable(): string {
  const images = ECG_IMAGES.map(([, path]) => new Uint8Array(readFileSync(join(projectRoot(), path))));
  const categories = images.map((image) => bytesByCategory(regionsOf(new ImageView(image))));
  const names = [...new Set(categories.flatMap((each) => Object.keys(each)))];
  const rows = names.map((name) => [name, ...categories.map((each) => grouped(each[name] ?? 0))]);
  const sum = ['**sum**', ...images.map(({ length }) => `**${grouped(length)}**`)];
  return markdownTable(['bytes', ...ECG_IMAGES.map(([name]) => name)], [...rows, sum], 1);
}

function ecgTable({ figures }: Records): string {
  const rows = figures.map((each) => {
    const of = (residency: ModelFigure['residency']) =>
      each.models.find((figure) => figure.model === 'ecg-beats' && figure.residency === residency)!;
    const [flash, boot, stream] = [of('flash'), of('boot'), of('stream')];
    return [
      coreOf(each),
      ...[
        flash.perInference,
        boot.boot,
        boot.perInference,
        boot.arenaBytes,
        stream.perInference,
        stream.arenaBytes,
      ].map((count) => grouped(count)),
    ];
  });
  const titles = ['stored', 'generation at boot', 'cached', 'arena', 'streamed', 'arena'];
  return markdownTable(['core', ...titles], rows, 1);
}

/** Where it was measured elsewhere, a sentence. */
function ecgBeside({ figures }: Records): string {
  const sentences = figures.flatMap((each) => {
    const peer = onSameCore(each, ECG_PEER);
    const { perInference } = each.models.find(
      ({ model, residency }) => model === 'ecg-beats' && residency === 'flash',
    )!;
    if (!peer) return [];
    return [
      `On a ${coreOf(each)} the stored one takes ${ratio(perInference, peer.inference)} of the instructions of TFLM, which has no\n` +
        `operator for the standardisation and was given an INT8 input instead (${grouped(peer.inference)}).`,
    ];
  });
  return sentences.join(' ');
}

function codeTable({ figures }: Records): string {
  const rows = figures.map((each) => [coreOf(each), grouped(each.text.tailoredEcg), grouped(each.text.allOperators)]);
  return markdownTable(['core', 'ECG network', 'everything'], rows, 1);
}
