# SPDX-License-Identifier: MIT
#
# LARDER_SANITIZE=address,undefined or thread: everything built here, tests
# and generated code included, stops at the first finding.
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
endmacro()
