# SPDX-License-Identifier: MIT
#
# cmake -DSCDOC=scdoc -DINPUT=larder.1.scd -DOUTPUT=larder.1 -P man_page.cmake:
# scdoc knows only standard input and output. The page's date is that of the
# build, or SOURCE_DATE_EPOCH.
cmake_minimum_required(VERSION 3.20)

execute_process(
  COMMAND "${SCDOC}"
  INPUT_FILE "${INPUT}"
  OUTPUT_FILE "${OUTPUT}.new"
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  file(REMOVE "${OUTPUT}.new")
  message(FATAL_ERROR "scdoc cannot read ${INPUT}")
endif()
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
