# htpw_add_model(<target> <image> [NAME <name>] [RESIDENCY <as-packed|boot|lazy|stream>])
#
# Embeds an image in flash, 16-byte aligned, as <htpw/models/NAME.h>: htpw_image_NAME, and its sizes as constants
# htpw_NAME_bytes, htpw_NAME_arena_bytes, htpw_NAME_input_bytes, htpw_NAME_output_bytes (the largest of any program). Of
# its inputs, htpw_NAME_input_type, _height, _width, _channels, _scale and _zero_point, the second's
# htpw_NAME_input1_..., those of another program htpw_NAME_program1_input_...; and so of outputs, with
# htpw_NAME_output_labels (an array of htpw_NAME_label_count strings) where the image has labels for one.
#
#   target     usually app; the same image can be given to several
#   image      path, relative to the calling CMakeLists.txt
#   NAME       of C; default: the file's, each run of other characters than letters and digits as one _
#   RESIDENCY  chooses between images that differ in nothing but residency: IMAGE-stream.htpw and so on, as-packed for
#              IMAGE.htpw itself; default: CONFIG_HTPW_RESIDENCY_...
#
# SPDX-License-Identifier: Apache-2.0
include_guard(GLOBAL)

set_property(GLOBAL PROPERTY HTPW_READ_IMAGE ${CMAKE_CURRENT_LIST_DIR}/htpw_image.py)

# No identifiers, or one that every program has
set_property(GLOBAL PROPERTY HTPW_NO_NAMES
  auto break case char const continue default do double else enum extern float for goto if inline int long register
  restrict return short signed sizeof static struct switch typedef union unsigned void volatile while main)

# Without CONFIG_HTPW these functions are there, to say so.
function(htpw_need_option caller)
  if(NOT CONFIG_HTPW)
    message(FATAL_ERROR "${caller}: expected CONFIG_HTPW=y, got n; set it in prj.conf (it takes a 32-bit little-endian board)")
  endif()
endfunction()

# The folder of the images that come with this module: ecg-beats.htpw.
function(htpw_models_folder result)
  htpw_need_option(htpw_models_folder)
  get_property(folder GLOBAL PROPERTY HTPW_MODELS)
  set(${result} ${folder} PARENT_SCOPE)
endfunction()

# as-packed, boot, lazy or stream
function(htpw_residency result given)
  set(known as-packed boot lazy stream)
  if(given)
    if(NOT given IN_LIST known)
      list(JOIN known ", " known)
      message(FATAL_ERROR "htpw_add_model: RESIDENCY: expected one of ${known}, got ${given}")
    endif()
    set(${result} ${given} PARENT_SCOPE)
    return()
  endif()
  set(${result} as-packed PARENT_SCOPE)
  foreach(residency boot lazy stream)
    string(TOUPPER ${residency} option)
    if(CONFIG_HTPW_RESIDENCY_${option})
      set(${result} ${residency} PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Runs htpw_image.py on an image; what is wrong with it stops CMake, in that program's words.
function(htpw_read_image file)
  get_property(script GLOBAL PROPERTY HTPW_READ_IMAGE)
  execute_process(COMMAND ${PYTHON_EXECUTABLE} ${script} ${file} ${ARGN}
    OUTPUT_QUIET ERROR_VARIABLE refused RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    string(STRIP "${refused}" refused)
    message(FATAL_ERROR "htpw_add_model: ${refused}")
  endif()
endfunction()

# Sets `result` to the file of an image with a residency, which is one that may be embedded.
function(htpw_image_file result image residency)
  set(options)
  set(file ${image})
  if(NOT residency STREQUAL "as-packed")
    if(NOT image MATCHES "\\.htpw$")
      message(FATAL_ERROR "htpw_add_model: ${image}: expected a name that ends in .htpw, to find its sibling for "
        "residency ${residency}; rename it, or say RESIDENCY as-packed")
    endif()
    string(REGEX REPLACE "\\.htpw$" "-${residency}.htpw" file ${image})
    list(APPEND options --residency ${residency} --of ${image})
  endif()
  get_property(library GLOBAL PROPERTY HTPW_CUT_LIBRARY)
  if(library)
    list(APPEND options --library ${library}/src/htpw_config.h)
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${image} ${file})
  htpw_read_image(${file} ${options})
  set(${result} ${file} PARENT_SCOPE)
endfunction()

# Sets `result` to the name in C of a file, or the one that was given.
function(htpw_name_of result file given)
  set(name ${given})
  if(NOT name)
    get_filename_component(name ${file} NAME_WLE)
    string(REGEX REPLACE "[^A-Za-z0-9]+" "_" name ${name})
  endif()
  get_property(taken GLOBAL PROPERTY HTPW_NO_NAMES)
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$" OR name IN_LIST taken)
    message(FATAL_ERROR "htpw_add_model: ${file}: expected the name of a variable in C, got ${name}; add NAME <name>")
  endif()
  set(${result} ${name} PARENT_SCOPE)
endfunction()

function(htpw_add_model)
  htpw_need_option(htpw_add_model)
  set(usage "<target> <image> [NAME <name>] [RESIDENCY <residency>]")
  cmake_parse_arguments(PARSE_ARGV 0 model "" "NAME;RESIDENCY" "")
  list(LENGTH model_UNPARSED_ARGUMENTS count)
  if(NOT count EQUAL 2 OR model_KEYWORDS_MISSING_VALUES)
    string(REPLACE ";" " " got "${ARGV}")
    message(FATAL_ERROR "htpw_add_model: expected ${usage}, got: ${got}")
  endif()
  list(GET model_UNPARSED_ARGUMENTS 0 target)
  list(GET model_UNPARSED_ARGUMENTS 1 image)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "htpw_add_model: ${image}: expected a target, usually app, got ${target}")
  endif()
  get_filename_component(image ${image} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  htpw_name_of(name ${image} "${model_NAME}")
  htpw_residency(residency "${model_RESIDENCY}")
  htpw_image_file(file ${image} ${residency})

  # What was embedded before under this name: the file and its header's folder
  get_property(known GLOBAL PROPERTY HTPW_MODEL_${name})
  if(known)
    list(GET known 0 other)
    list(GET known 1 folder)
    if(NOT other STREQUAL file)
      message(FATAL_ERROR "htpw_add_model: ${file}: ${other} is named ${name}, too; add NAME <name> to one of them")
    endif()
    target_include_directories(${target} PRIVATE ${folder})
    return()
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/htpw_models)
  set_property(GLOBAL PROPERTY HTPW_MODEL_${name} ${file} ${folder})

  set(header ${folder}/htpw/models/${name}.h)
  set(source ${folder}/${name}.c)
  set(data ${folder}/${name}.inc)
  file(MAKE_DIRECTORY ${folder}/htpw/models)
  htpw_read_image(${file} --name ${name} --header ${header}.new --source ${source}.new)
  configure_file(${header}.new ${header} COPYONLY) # only what changed is compiled again
  configure_file(${source}.new ${source} COPYONLY)
  generate_inc_file_for_target(${target} ${file} ${data})
  target_sources(${target} PRIVATE ${source})
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
