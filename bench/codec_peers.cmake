# SPDX-License-Identifier: MIT
#
# The tables codec and memory, and the libraries that they measure against. Where
# one of those is missing, so are the programs, and bench/run says so.
pkg_check_modules(LARDER_PROTOBUF_C IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(LARDER_CJSON IMPORTED_TARGET libcjson)
pkg_check_modules(LARDER_JANSSON IMPORTED_TARGET jansson)
find_library(LARDER_NANOPB protobuf-nanopb)
find_program(LARDER_PROTOC protoc)
find_program(LARDER_PROTOC_C protoc-c)
find_program(LARDER_PROTOC_NANOPB protoc-gen-nanopb)
mark_as_advanced(LARDER_NANOPB LARDER_PROTOC LARDER_PROTOC_C LARDER_PROTOC_NANOPB)
foreach(needed PROTOBUF_C_FOUND CJSON_FOUND JANSSON_FOUND NANOPB PROTOC PROTOC_C PROTOC_NANOPB)
  if(NOT LARDER_${needed})
    message(STATUS "bench: no tables codec and memory without LARDER_${needed}")
    return()
  endif()
endforeach()

set(here "${CMAKE_CURRENT_SOURCE_DIR}")
set(made "${CMAKE_CURRENT_BINARY_DIR}")
add_custom_command(
  OUTPUT "${made}/codec.pb-c.c" "${made}/codec.pb-c.h" "${made}/codec.pb.c" "${made}/codec.pb.h"
  COMMAND "${LARDER_PROTOC_C}" "-I${here}" "--c_out=${made}" codec.proto
  COMMAND "${LARDER_PROTOC}" "-I${here}" "--plugin=protoc-gen-nanopb=${LARDER_PROTOC_NANOPB}"
          "--nanopb_opt=-I${here}" "--nanopb_out=${made}" codec.proto
  DEPENDS "${here}/codec.proto" "${here}/codec.options"
  COMMENT "Generating what protobuf-c and nanopb need"
  VERBATIM)

# Not ours, and not clean under our warnings.
add_library(codec_peers_made STATIC EXCLUDE_FROM_ALL "${made}/codec.pb-c.c" "${made}/codec.pb.c")
target_compile_options(codec_peers_made PRIVATE -w)
target_include_directories(codec_peers_made SYSTEM INTERFACE "${made}")
target_link_libraries(codec_peers_made PUBLIC PkgConfig::LARDER_PROTOBUF_C "${LARDER_NANOPB}")

add_library(
  codec_sides STATIC EXCLUDE_FROM_ALL
  bench_options.c
  codec_shapes.c
  graph.c
  our_codec.c
  rounds.c
  cjson_peer.c
  jansson_peer.c
  memcpy_peer.c
  msgpack_peer.c
  msgpack_arena_peer.c
  msgpack_templates_peer.c
  msgpack_walk.c
  nanopb_peer.c
  protobuf_c_peer.c)
larder_internal_target(codec_sides)
target_link_libraries(
  codec_sides
  PUBLIC codec_cache
         larder_internal
         codec_peers_made
         PkgConfig::LARDER_MSGPACK
         PkgConfig::LARDER_CJSON
         PkgConfig::LARDER_JANSSON)

foreach(table codec memory)
  add_executable(bench_${table} EXCLUDE_FROM_ALL bench_${table}.c)
  larder_internal_target(bench_${table})
  target_link_libraries(bench_${table} PRIVATE codec_sides)
endforeach()
target_sources(bench_memory PRIVATE count_malloc.c)
