# SPDX-License-Identifier: Apache-2.0
"""Reads an image for htpw_add_model(): prints bytes;arena;input;output, each the largest of any program, or writes the
header and the source that give it to C.

Stops with a line on stderr at what is no image, or one that was damaged, or another than it should be (docs/format.md).
"""
import argparse
import json
import math
import re
import struct
import sys
import zlib
from pathlib import Path

# Of assembly/format.ts, which this module may be without; a test holds them to it.
FORMAT_VERSION = 2
HEADER_BYTES = 32
SECTION_BYTES = 12
PROGRAM_HEADER_BYTES = 8
TENSOR_BYTES = 8
PORT_BYTES = 8
OPERATOR_BYTES = 28
ARGMAX = 9
ARENA_UNIT = 16
C_TYPES = {1: 'int8_t', 2: 'int16_t'}


def refuse(path, what):
    sys.exit(f'{path}: {what}')


def read_image(path):
    try:
        image = Path(path).read_bytes()
    except FileNotFoundError:
        refuse(path, 'not found; name an image that is there, or one of the module with htpw_models_folder()')
    except OSError as error:
        refuse(path, f'expected an image, got: {error.strerror}')
    if len(image) < HEADER_BYTES:
        refuse(path, f'expected an image, got {len(image)} bytes; pack or copy it again')
    magic, version, _, total, crc = struct.unpack_from('<4sHHII', image)
    if magic != b'HTPW':
        refuse(path, f'expected an image, which begins with 48545057, got {magic.hex()}; "npx htpw" imports and trains them')
    if version != FORMAT_VERSION:
        refuse(path, f'expected format {FORMAT_VERSION}, got {version}; pack it with the htpw that this module is from')
    if total != len(image):
        refuse(path, f'expected {total} bytes, as its header says, got {len(image)}; copy it again')
    found = zlib.crc32(image[HEADER_BYTES:])
    if found != crc:
        refuse(path, f'expected CRC-32 {crc:08x}, as its header says, got {found:08x}; copy it again')
    return image


def sections(image):
    """Offset and size of each section, those of the programs first; and the number of programs."""
    count, programs = struct.unpack_from('<HH', image, 16)
    if programs < 1:
        raise ValueError('no program')
    return [struct.unpack_from('<II', image, HEADER_BYTES + SECTION_BYTES * i + 4) for i in range(count)], programs


def port(image, at, tensors, argmaxes):
    """An input or output descriptor with its tensor."""
    tensor, _, scale = struct.unpack_from('<HHf', image, at)
    height, width, channels, element, zero_point = struct.unpack_from('<HHHBb', image, tensors + TENSOR_BYTES * tensor)
    return {'shape': (height, width, channels), 'type': element, 'scale': scale, 'zero_point': zero_point,
            'bytes': height * width * channels * element,  # a type is its number of bytes
            'is_argmax': tensor in argmaxes}


def programs_of(image):
    """Arena, inputs and outputs of each program."""
    table, count = sections(image)
    each = []
    for program, _ in table[:count]:
        tensor_count, operator_count, inputs, outputs, arena = struct.unpack_from('<HHBBH', image, program)
        tensors = program + PROGRAM_HEADER_BYTES
        ports = tensors + TENSOR_BYTES * tensor_count
        operators = ports + PORT_BYTES * (inputs + outputs)
        made = [struct.unpack_from('<B5xH', image, operators + OPERATOR_BYTES * i) for i in range(operator_count)]
        argmaxes = {output for kind, output in made if kind == ARGMAX}
        found = [port(image, ports + PORT_BYTES * i, tensors, argmaxes) for i in range(inputs + outputs)]
        each.append({'arena': ARENA_UNIT * arena, 'input': found[:inputs], 'output': found[inputs:]})
    return each


def bytes_of(ports):
    return sum(port['bytes'] for port in ports)


def sizes(image):
    """Arena, input and output, each the largest of any program."""
    each = [(program['arena'], bytes_of(program['input']), bytes_of(program['output']))
            for program in programs_of(image)]
    return [max(column) for column in zip(*each)]


def labels_of(image):
    """Names of the classes, or none: the metadata is for people and may hold anything."""
    table, _ = sections(image)
    offset, size = table[-2]
    try:
        labels = json.loads(image[offset:offset + size].decode())['labels']
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    fits = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    return labels if fits else []


def single(number):
    """The nearest 32-bit float."""
    try:
        return struct.unpack('<f', struct.pack('<f', number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)


def constant(scale):
    """The fewest digits that a C compiler makes this very float of; at most nine."""
    for digits in range(1, 10):
        text = float(f'{scale:.{digits}g}')
        if all(single(text * factor) == scale for factor in (1 - 2 ** -40, 1, 1 + 2 ** -40)):  # not on a border
            break
    return f'{text!r}f' if scale >= 0 else f'({text!r}f)'


def quoted(text):
    """A string of C, in ASCII; a ? might begin a trigraph."""
    whole = text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')
    return '"' + ''.join(f'\\{chr(byte)}' if chr(byte) in '"\\?' else chr(byte) if 32 <= byte < 127 else f'\\{byte:03o}'
                         for byte in whole.encode()) + '"'


def is_labelled(port, labels):
    """Whether the labels are of this output: of each of its values, or of the one that an argmax answers with."""
    return bool(labels) and (port['is_argmax'] or math.prod(port['shape']) == len(labels))


def port_lines(name, port):
    height, width, channels = port['shape']
    zero_point = port['zero_point']
    scale = port['scale']
    return [f'#define {name}_type {C_TYPES[port["type"]]}',
            f'#define {name}_height {height}',
            f'#define {name}_width {width}',
            f'#define {name}_channels {channels}',
            f'#define {name}_scale {constant(scale)}' if math.isfinite(scale)
            else f'/* {name} has no scale: {scale} */',
            f'#define {name}_zero_point {zero_point if zero_point >= 0 else f"({zero_point})"}']


def header_and_source(path, image, name):
    """What C sees of an image: its array, sizes, inputs and outputs, and labels where an output has any."""
    labels = labels_of(image)
    lines = []
    any_labelled = False
    for index, program in enumerate(programs_of(image)):
        start = f'htpw_{name}' if index == 0 else f'htpw_{name}_program{index}'
        for kind in ('input', 'output'):
            for number, port in enumerate(program[kind]):
                of_port = f'{start}_{kind}{number or ""}'
                lines += port_lines(of_port, port)
                if kind == 'output' and is_labelled(port, labels):
                    lines.append(f'#define {of_port}_labels htpw_labels_{name}')
                    any_labelled = True
    array = f'const uint8_t htpw_image_{name}[{len(image)}]'
    names = f'const char *const htpw_labels_{name}[{len(labels)}]'
    comment = '/* ' + re.sub(r'[^ -~]', '?', str(path)).replace('*/', '* /') + '. Generated: do not edit. */'
    arena, inputs, outputs = sizes(image)
    header = [comment,
              f'#ifndef HTPW_MODELS_{name}_H', f'#define HTPW_MODELS_{name}_H', '#include <stdint.h>',
              f'#define htpw_{name}_bytes {len(image)}',
              f'#define htpw_{name}_arena_bytes {arena}',
              f'#define htpw_{name}_input_bytes {inputs}',
              f'#define htpw_{name}_output_bytes {outputs}',
              '/* Real value = scale * (integer - zero_point). Programs and ports but the first have a number. */',
              *lines,
              *([f'#define htpw_{name}_label_count {len(labels)}'] if any_labelled else []),
              '#ifdef __cplusplus', 'extern "C" {', '#endif',
              f'extern {array};', *([f'extern {names};'] if any_labelled else []),
              '#ifdef __cplusplus', '}', '#endif', '#endif', '']
    source = [comment,
              f'#include <htpw/models/{name}.h>',
              f'{array} __attribute__((aligned(16))) = {{', f'#include "{name}.inc"', '};',
              *([f'{names} = {{', *(f'  {quoted(label)},' for label in labels), '};'] if any_labelled else []), '']
    return '\n'.join(header), '\n'.join(source)


def contents(image):
    """What a residency does not change: sources, generators, tables, weights, metadata."""
    table, programs = sections(image)
    return [image[offset:offset + size] for offset, size in table[programs:-1]]


def check_library(path, image, config):
    """`config` is what "htpw clib --tailor" wrote about the images that it proved."""
    text = Path(config).read_text()
    folder = Path(config).parent.parent
    proofs = re.findall(r'\{(\d+)u, 0x([0-9a-f]{8})u\}', text)
    if 'HTPW_PROVED_IMAGES' not in text or not proofs:
        refuse(config, 'expected HTPW_PROVED_IMAGES with length and CRC-32 of each, found none; write it again: '
                       f'npx htpw clib --tailor {path} -o {folder}')
    if (len(image), zlib.crc32(image)) not in [(int(length), int(crc, 16)) for length, crc in proofs]:
        one = len(proofs) == 1
        refuse(path, f'the library in {folder}, CONFIG_HTPW_LIBRARY, was cut to '
                     f'{"another image" if one else f"{len(proofs)} other images"}; cut it to this one'
                     f'{"" if one else ", too"}: npx htpw clib {"" if one else "--tailor OTHER ... "}'
                     f'--tailor {path} -o {folder}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('image')
    parser.add_argument('--residency', help='of the image, which holds what --of holds')
    parser.add_argument('--of', help='the image that another residency was written from')
    parser.add_argument('--library', help='htpw_config.h of a library that was cut to images')
    parser.add_argument('--name', help='of the image in C, for --header and --source')
    parser.add_argument('--header', help='file to write')
    parser.add_argument('--source', help='file to write; it includes NAME.inc, the bytes')
    options = parser.parse_args()
    path = options.image
    if options.of:
        plan = f'npx htpw plan {options.of} --residency {options.residency} -o {path}'
        original = read_image(options.of)
        if not Path(path).exists():
            refuse(path, f'not found; make it: {plan}')
    image = read_image(path)
    try:
        found = sizes(image)
        written = options.name and header_and_source(path, image, options.name)
        same = not options.of or contents(image) == contents(original)
    except (struct.error, ValueError, KeyError) as error:
        refuse(path, f'expected an image, got records that lead nowhere ({error}); "npx htpw inspect {path}" says which')
    if not same:
        refuse(path, f'expected the weights of {options.of}, got others; make it anew: {plan}')
    if options.library:
        check_library(path, image, options.library)
    if written:
        for file, content in zip((options.header, options.source), written):
            Path(file).write_text(content)
        return
    print(';'.join(str(size) for size in [len(image), *found]), end='')


main()
