# SPDX-License-Identifier: MIT
#
# LARDER_SANITIZE=address,undefined or thread: everything built here, tests
# and generated code included, stops at the first finding.
# LARDER_FUZZ: all of it tells libFuzzer (clang) which edges were taken.
macro(larder_add_sanitizers)
  if(LARDER_SANITIZE)
    add_compile_options(-fsanitize=${LARDER_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${LARDER_SANITIZE})
    # gcc 12 cannot follow a value through the calls that its sanitizers add.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-Wno-maybe-uninitialized)
    endif()
  endif()
  if(LARDER_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
      message(FATAL_ERROR "LARDER_FUZZ needs clang: libFuzzer comes with it")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endmacro()
