# SPDX-License-Identifier: MIT
#
# Turns the templates into a C source, with no tool but CMake:
#
#     cmake -DROOT=templates -DLIST=names.txt -DOUTPUT=embedded_templates.c -P embed.cmake
#
# LIST holds one name a line, relative to ROOT. Contents are written as bytes,
# so that nothing in them needs escaping. Declared in generator/embedded.h.
cmake_minimum_required(VERSION 3.20)

file(STRINGS "${LIST}" names)
set(arrays "")
set(rows "")
set(count 0)
foreach(name IN LISTS names)
  file(READ "${ROOT}/${name}" bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char template_${count}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", (const char *)template_${count}, sizeof(template_${count}) - 1},\n")
  math(EXPR count "${count} + 1")
endforeach()

file(WRITE "${OUTPUT}" "/* SPDX-License-Identifier: MIT */
/* Made from templates/ by cmake/embed.cmake. Each text is followed by a NUL that its length does not count. */
#include \"embedded.h\"

${arrays}
const struct tpl_embedded tpl_embedded[] = {
${rows}    {NULL, NULL, 0},
};
const size_t tpl_embedded_count = ${count};
")
