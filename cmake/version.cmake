# SPDX-License-Identifier: MIT
#
# larder_read_version(HEADER VERSION): the version is said once, in larder.h.
# Its two forms, text and number, must agree.
function(larder_read_version header ret_version)
  file(STRINGS "${header}" text_line REGEX "^#define LARDER_VERSION \"")
  file(STRINGS "${header}" number_line REGEX "^#define LARDER_VERSION_NUMBER ")
  if(NOT text_line MATCHES "\"(([0-9]+)\\.([0-9]+)\\.([0-9]+))\"")
    message(FATAL_ERROR "${header}: no LARDER_VERSION \"x.y.z\"")
  endif()
  set(version "${CMAKE_MATCH_1}")
  math(EXPR expected "${CMAKE_MATCH_2} * 10000 + ${CMAKE_MATCH_3} * 100 + ${CMAKE_MATCH_4}")
  if(NOT number_line MATCHES "LARDER_VERSION_NUMBER ([0-9]+)" OR NOT CMAKE_MATCH_1 EQUAL expected)
    message(FATAL_ERROR "${header}: LARDER_VERSION is ${version}, "
                        "so LARDER_VERSION_NUMBER must be ${expected}")
  endif()
  set(${ret_version} "${version}" PARENT_SCOPE)
endfunction()
