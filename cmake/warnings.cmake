# SPDX-License-Identifier: MIT
#
# The warning set everything here is clean under, generated code included.
# Asked for where larder is the whole project: who builds it as a part of
# another one has flags of their own.
set(LARDER_WARNINGS_COMMON
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wconversion
    -Wsign-conversion
    -Wwrite-strings
    -Wcast-qual
    -Wcast-align
    -Wundef
    -Wvla
    -Wformat=2
    -Wswitch-enum
    -Wimplicit-fallthrough
    -Wnull-dereference)
set(LARDER_WARNINGS_C ${LARDER_WARNINGS_COMMON} -Wstrict-prototypes -Wmissing-prototypes)
set(LARDER_WARNINGS_CXX ${LARDER_WARNINGS_COMMON})

macro(larder_add_warnings)
  add_compile_options("$<$<COMPILE_LANGUAGE:C>:${LARDER_WARNINGS_C}>"
                      "$<$<COMPILE_LANGUAGE:CXX>:${LARDER_WARNINGS_CXX}>" -fno-common)
  if(LARDER_WERROR)
    add_compile_options(-Werror)
  endif()
endmacro()
