# SPDX-License-Identifier: MIT
#
# larder_generate(TARGET product_cache
#                 SCHEMAS schemas/product.yaml …
#                 [EMIT c …]          what to generate besides C: mock, docs, acl, env, alerts
#                 [IMPORT_DIRS dir …] where `include:` looks after the file's own folder
#                 [TEMPLATES dir]     templates that stand before the built-in ones
#                 [GENERATOR path])   the program larder to run
#
# larder_check(NAME product_cache_is_current DIR generated
#              SCHEMAS … [EMIT …] [IMPORT_DIRS …] [TEMPLATES dir] [GENERATOR path])
#
# larder_check() is for output that is committed: it registers the test NAME, which
# fails when DIR does not hold, byte for byte, what would be generated now; it names
# each file that is missing, different or not made any more.
#
# larder_generate() makes the static library TARGET from the schemas. It is linked to
# larder::larder and its include directory is PUBLIC, so that a target linked
# to it includes "product_cache.h". Relative paths are seen from the calling
# CMakeLists.txt. Building <TARGET>_generate generates and compiles nothing. With
# EMIT mock there is the library <TARGET>_mock too, to be linked in a test in its
# place, with cmocka.
#
# Which program runs: GENERATOR, else the cache variable LARDER_GENERATOR, else
# the target larder::generator (built here or installed with larder). When
# cross-compiling the last is of the wrong machine: `larder` is then looked up
# on this one.
#
# How it is wired, and why: the generator writes only what changed, so its
# files are too old to be the OUTPUT of a rule (Make would run it for ever).
# The OUTPUT is a stamp and the files are BYPRODUCTS: a touched schema costs one
# run of the generator and no compilation. Ninja knows byproducts and makes
# them again when one is missing. Make does not: there <TARGET>_missing runs
# first and drops the stamp.
#
# No variable is set outside of the functions: with add_subdirectory() it would
# not be seen where they are called.

# One row a kind of EMIT: what is appended to the schema's name, and the files that
# are made of all schemas together.
macro(_larder_emit_kinds)
  set(emit_kinds c mock docs acl env alerts)
  set(emit_c _cache.h _cache.c)
  set(emit_mock _cache_mock.h _cache_mock.c)
  set(emit_docs _cache.md)
  set(emit_once_docs caches.md)
  set(emit_once_acl caches.acl.conf)
  set(emit_once_env .env.cache)
  set(emit_once_alerts caches.rules.yml)
endmacro()

function(larder_generate)
  # PARSE_ARGV keeps an argument with a `;` in it whole.
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;TEMPLATES;GENERATOR" "SCHEMAS;EMIT;IMPORT_DIRS")
  _larder_check_arguments(larder_generate TARGET SCHEMAS)
  _larder_find_program(program program_depends)

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/larder/${arg_TARGET}")
  set(stamp "${folder}.stamp")
  _larder_outputs("${folder}" outputs)
  file(MAKE_DIRECTORY "${folder}")

  _larder_flags()

  add_custom_command(
    OUTPUT "${stamp}"
    BYPRODUCTS ${outputs}
    COMMAND "${program}" generate -o "${folder}" ${flags} --depfile "${folder}.d" --stamp
            "${stamp}" ${schemas}
    DEPENDS ${schemas} ${templates} ${program_depends}
    DEPFILE "${folder}.d"
    COMMENT "Generating ${arg_TARGET}"
    VERBATIM)
  add_custom_target(${arg_TARGET}_generate DEPENDS "${stamp}")
  if(CMAKE_GENERATOR MATCHES "Makefiles")
    add_custom_target(
      ${arg_TARGET}_missing COMMAND "${CMAKE_COMMAND}" "-DSTAMP=${stamp}" -P
                                    "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/larder_missing.cmake" -- ${outputs}
      VERBATIM)
    add_dependencies(${arg_TARGET}_generate ${arg_TARGET}_missing)
  endif()

  set(sources ${outputs})
  list(FILTER sources INCLUDE REGEX "_cache\\.c$")
  _larder_library(${arg_TARGET} ${sources})
  set(sources ${outputs})
  list(FILTER sources INCLUDE REGEX "_cache_mock\\.c$")
  if(sources)
    _larder_library(${arg_TARGET}_mock EXCLUDE_FROM_ALL ${sources})
  endif()
endfunction()

function(larder_check)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;DIR;TEMPLATES;GENERATOR" "SCHEMAS;EMIT;IMPORT_DIRS")
  _larder_check_arguments(larder_check NAME DIR SCHEMAS)
  _larder_find_program(program program_depends)
  _larder_flags()
  get_filename_component(folder "${arg_DIR}" ABSOLUTE)
  add_test(NAME "${arg_NAME}" COMMAND "${program}" check -o "${folder}" ${flags} ${schemas})
endfunction()

# What follows belongs to the two: macros and functions that see their variables.

# _larder_check_arguments(FUNCTION REQUIRED…)
macro(_larder_check_arguments function)
  if(arg_UNPARSED_ARGUMENTS)
    string(REPLACE ";" ", " required "${ARGN}")
    message(FATAL_ERROR "${function}: what is '${arg_UNPARSED_ARGUMENTS}'? Known are ${required}, "
                        "EMIT, IMPORT_DIRS, TEMPLATES and GENERATOR")
  endif()
  if(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "${function}: nothing follows ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  foreach(keyword ${ARGN})
    if(NOT arg_${keyword})
      message(FATAL_ERROR "${function}: ${keyword} is missing")
    endif()
  endforeach()
  _larder_emit_kinds()
  foreach(kind IN LISTS arg_EMIT)
    if(NOT kind IN_LIST emit_kinds)
      message(FATAL_ERROR "${function}: EMIT ${kind}: known are ${emit_kinds}")
    endif()
  endforeach()
endmacro()

# Sets schemas (paths), flags (of generate and check) and templates (files).
macro(_larder_flags)
  set(schemas "")
  foreach(schema IN LISTS arg_SCHEMAS)
    get_filename_component(schema "${schema}" ABSOLUTE)
    list(APPEND schemas "${schema}")
  endforeach()

  set(flags "")
  foreach(dir IN LISTS arg_IMPORT_DIRS)
    get_filename_component(dir "${dir}" ABSOLUTE)
    list(APPEND flags -I "${dir}")
  endforeach()
  if(arg_EMIT)
    string(REPLACE ";" "," emit "${arg_EMIT}")
    list(APPEND flags --emit "c,${emit}")
  endif()
  set(templates "")
  if(arg_TEMPLATES)
    get_filename_component(dir "${arg_TEMPLATES}" ABSOLUTE)
    list(APPEND flags --templates "${dir}")
    file(GLOB_RECURSE templates CONFIGURE_DEPENDS "${dir}/*.mustache")
  endif()
endmacro()

# _larder_library(NAME [EXCLUDE_FROM_ALL] SOURCE…)
function(_larder_library name)
  add_library(${name} STATIC ${ARGN})
  add_dependencies(${name} ${arg_TARGET}_generate)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_features(${name} PUBLIC c_std_11)
  target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${folder}>")
  target_link_libraries(${name} PUBLIC larder::larder)
endfunction()

# What the generator will write: per schema `product.yaml` and kind `c`
# product_cache.h and product_cache.c.
function(_larder_outputs folder ret_outputs)
  _larder_emit_kinds()
  set(kinds c ${arg_EMIT})
  list(REMOVE_DUPLICATES kinds)
  set(outputs "")
  foreach(schema IN LISTS arg_SCHEMAS)
    get_filename_component(name "${schema}" NAME_WLE)
    foreach(kind IN LISTS kinds)
      foreach(suffix IN LISTS emit_${kind})
        set(output "${folder}/${name}${suffix}")
        if(output IN_LIST outputs)
          message(FATAL_ERROR "larder_generate: TARGET ${arg_TARGET}: two schemas named ${name}")
        endif()
        list(APPEND outputs "${output}")
      endforeach()
    endforeach()
  endforeach()
  foreach(kind IN LISTS kinds)
    foreach(name IN LISTS emit_once_${kind})
      list(APPEND outputs "${folder}/${name}")
    endforeach()
  endforeach()
  set(${ret_outputs} "${outputs}" PARENT_SCOPE)
endfunction()

# The program to run, and what a rule that runs it depends on.
function(_larder_find_program ret_program ret_depends)
  set(program "${arg_GENERATOR}")
  if(NOT program)
    set(program "${LARDER_GENERATOR}")
  endif()
  if(NOT program AND TARGET larder::generator AND NOT CMAKE_CROSSCOMPILING)
    set(${ret_program} "$<TARGET_FILE:larder::generator>" PARENT_SCOPE)
    set(${ret_depends} "$<TARGET_FILE:larder::generator>" larder::generator PARENT_SCOPE)
    return()
  endif()
  if(NOT program)
    find_program(LARDER_GENERATOR larder NO_CMAKE_FIND_ROOT_PATH
                 DOC "The program larder that runs on this machine")
    set(program "${LARDER_GENERATOR}")
  endif()
  if(NOT program)
    message(FATAL_ERROR "larder_generate: no program larder here; set LARDER_GENERATOR to its path")
  endif()
  get_filename_component(program "${program}" ABSOLUTE)
  set(${ret_program} "${program}" PARENT_SCOPE)
  set(${ret_depends} "${program}" PARENT_SCOPE)
endfunction()
