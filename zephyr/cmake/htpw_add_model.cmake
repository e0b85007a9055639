# htpw_add_model(<target> <image> [NAME <name>])
#
# Embeds an image in flash, 16-byte aligned, as <htpw/models/NAME.h>: htpw_image_NAME, and its sizes as constants
# htpw_NAME_bytes, htpw_NAME_arena_bytes, htpw_NAME_input_bytes, htpw_NAME_output_bytes (the largest of any program).
#
#   target  usually app
#   image   path, relative to the calling CMakeLists.txt
#   NAME    of C; default: the file's, each run of other characters than letters and digits as one _
#
# CONFIG_HTPW_RESIDENCY_... chooses between images that differ in nothing but residency: IMAGE-stream.htpw and so on.
# SPDX-License-Identifier: Apache-2.0
include_guard(GLOBAL)

# A little-endian unsigned integer of `bytes` bytes at offset `at` of a file.
function(htpw_unsigned result file at bytes)
  file(READ ${file} digits OFFSET ${at} LIMIT ${bytes} HEX)
  string(LENGTH "${digits}" length)
  math(EXPR expected "2 * ${bytes}")
  if(NOT length EQUAL expected)
    message(FATAL_ERROR "htpw_add_model: ${file}: expected ${bytes} bytes at ${at}, found the end; pack it again")
  endif()
  string(REGEX REPLACE "(..)" "\\1;" digits "${digits}")
  set(value "0x")
  foreach(pair IN LISTS digits)
    if(pair)
      set(value "${pair}${value}")
    endif()
  endforeach()
  string(REPLACE "0x" "" value "${value}")
  math(EXPR value "0x${value}")
  set(${result} ${value} PARENT_SCOPE)
endfunction()

# Bytes of `count` input or output tensors; `ports` is the offset of their records, `tensors` that of the tensors.
function(htpw_port_bytes result file ports count tensors)
  set(sum 0)
  if(count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(port RANGE ${last})
      math(EXPR at "${ports} + 8 * ${port}")
      htpw_unsigned(tensor ${file} ${at} 2)
      math(EXPR at "${tensors} + 8 * ${tensor}")
      htpw_unsigned(height ${file} ${at} 2)
      math(EXPR at "${at} + 2")
      htpw_unsigned(width ${file} ${at} 2)
      math(EXPR at "${at} + 2")
      htpw_unsigned(channels ${file} ${at} 2)
      math(EXPR at "${at} + 2")
      htpw_unsigned(type ${file} ${at} 1) # 1: one byte, 2: two
      math(EXPR sum "${sum} + ${height} * ${width} * ${channels} * ${type}")
    endforeach()
  endif()
  set(${result} ${sum} PARENT_SCOPE)
endfunction()

# Sets <prefix>_bytes, _arena_bytes, _input_bytes and _output_bytes of an image (docs/format.md); stops at what is none.
function(htpw_image_sizes prefix file)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "htpw_add_model: ${file}: not found; the path of an image is expected")
  endif()
  file(READ ${file} magic LIMIT 6 HEX)
  if(NOT magic STREQUAL "485450570200")
    message(FATAL_ERROR "htpw_add_model: ${file}: expected an image of format 2, which begins 485450570200, got "
      "${magic}; pack it with this version")
  endif()
  file(SIZE ${file} bytes)
  htpw_unsigned(total ${file} 8 4)
  if(NOT bytes EQUAL total)
    message(FATAL_ERROR "htpw_add_model: ${file}: expected ${total} bytes, as its header says, got ${bytes}; copy it again")
  endif()
  htpw_unsigned(programs ${file} 18 2)
  set(largest_arena 0)
  set(largest_input 0)
  set(largest_output 0)
  math(EXPR last "${programs} - 1")
  foreach(program RANGE ${last})
    math(EXPR at "36 + 12 * ${program}")
    htpw_unsigned(begin ${file} ${at} 4)
    htpw_unsigned(tensor_count ${file} ${begin} 2)
    math(EXPR at "${begin} + 4")
    htpw_unsigned(input_count ${file} ${at} 1)
    math(EXPR at "${begin} + 5")
    htpw_unsigned(output_count ${file} ${at} 1)
    math(EXPR at "${begin} + 6")
    htpw_unsigned(arena ${file} ${at} 2)
    math(EXPR arena "16 * ${arena}")
    math(EXPR tensors "${begin} + 8")
    math(EXPR inputs "${tensors} + 8 * ${tensor_count}")
    math(EXPR outputs "${inputs} + 8 * ${input_count}")
    htpw_port_bytes(input ${file} ${inputs} ${input_count} ${tensors})
    htpw_port_bytes(output ${file} ${outputs} ${output_count} ${tensors})
    foreach(size arena input output)
      if(${size} GREATER largest_${size})
        set(largest_${size} ${${size}})
      endif()
    endforeach()
  endforeach()
  set(${prefix}_bytes ${bytes} PARENT_SCOPE)
  foreach(size arena input output)
    set(${prefix}_${size}_bytes ${largest_${size}} PARENT_SCOPE)
  endforeach()
endfunction()

# The file that CONFIG_HTPW_RESIDENCY_... chooses.
function(htpw_resident_image result file)
  foreach(residency BOOT LAZY STREAM)
    if(CONFIG_HTPW_RESIDENCY_${residency})
      string(TOLOWER ${residency} residency)
      string(REGEX REPLACE "\\.htpw$" "-${residency}.htpw" chosen ${file})
      if(NOT EXISTS ${chosen})
        message(FATAL_ERROR "htpw_add_model: ${chosen}: not found; make it: "
          "npx htpw plan ${file} --residency ${residency} -o ${chosen}")
      endif()
      set(file ${chosen})
    endif()
  endforeach()
  set(${result} ${file} PARENT_SCOPE)
endfunction()

function(htpw_add_model target image)
  cmake_parse_arguments(PARSE_ARGV 2 model "" NAME "")
  if(model_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "htpw_add_model: expected <target> <image> [NAME <name>], got also ${model_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(file ${image} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT model_NAME)
    get_filename_component(model_NAME ${file} NAME_WLE)
    string(REGEX REPLACE "[^A-Za-z0-9]+" "_" model_NAME ${model_NAME})
  endif()
  htpw_resident_image(file ${file})
  htpw_image_sizes(size ${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/htpw_models)
  set(header ${folder}/htpw/models/${model_NAME}.h)
  set(source ${folder}/${model_NAME}.c)
  set(data ${folder}/${model_NAME}.inc)
  file(MAKE_DIRECTORY ${folder}/htpw/models)
  file(WRITE ${header}.new "/* ${file}. Generated: do not edit. */
#ifndef HTPW_MODELS_${model_NAME}_H
#define HTPW_MODELS_${model_NAME}_H
#include <stdint.h>
#define htpw_${model_NAME}_bytes ${size_bytes}
#define htpw_${model_NAME}_arena_bytes ${size_arena_bytes}
#define htpw_${model_NAME}_input_bytes ${size_input_bytes}
#define htpw_${model_NAME}_output_bytes ${size_output_bytes}
#ifdef __cplusplus
extern \"C\" {
#endif
extern const uint8_t htpw_image_${model_NAME}[${size_bytes}];
#ifdef __cplusplus
}
#endif
#endif
")
  file(WRITE ${source}.new "/* ${file}. Generated: do not edit. */
#include <htpw/models/${model_NAME}.h>
const uint8_t htpw_image_${model_NAME}[${size_bytes}] __attribute__((aligned(16))) = {
#include \"${model_NAME}.inc\"
};
")
  configure_file(${header}.new ${header} COPYONLY) # only what changed is compiled again
  configure_file(${source}.new ${source} COPYONLY)
  generate_inc_file_for_target(${target} ${file} ${data})
  target_sources(${target} PRIVATE ${source})
  target_include_directories(${target} PRIVATE ${folder})
endfunction()

# The folder of the images that come with this module: ecg-beats.htpw.
function(htpw_models_folder result)
  get_property(folder GLOBAL PROPERTY HTPW_MODELS)
  set(${result} ${folder} PARENT_SCOPE)
endfunction()
