# SPDX-License-Identifier: MIT
#
# cmake -DSTAMP=product_cache.stamp -P larder_missing.cmake -- FILE…
#
# Drops the stamp when a generated file is gone, so that Make runs the generator.
set(reading OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(reading AND NOT EXISTS "${CMAKE_ARGV${i}}")
    file(REMOVE "${STAMP}")
    break()
  endif()
  if(CMAKE_ARGV${i} STREQUAL "--")
    set(reading ON)
  endif()
endforeach()
