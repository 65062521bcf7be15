# SPDX-License-Identifier: MIT
#
# Components: runtime (the shared library, if it is one), dev (headers, the
# static library, CMake package, pkg-config file), generator (the program).
include(CMakePackageConfigHelpers)

set(larder_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/larder")

install(
  TARGETS liblarder
  EXPORT larder-targets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
          COMPONENT runtime
          NAMELINK_COMPONENT dev
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
install(EXPORT larder-targets NAMESPACE larder:: DESTINATION "${larder_package_dir}" COMPONENT dev)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/runtime/include/larder"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev
        FILES_MATCHING PATTERN "*.h" PATTERN "*.def")

if(TARGET larder)
  install(TARGETS larder EXPORT larder-generator-targets
          RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT generator)
  install(EXPORT larder-generator-targets NAMESPACE larder:: DESTINATION "${larder_package_dir}"
          COMPONENT generator)
endif()

# What is linked statically needs its own dependencies at the user's link.
get_target_property(larder_library_type liblarder TYPE)
if(larder_library_type STREQUAL "STATIC_LIBRARY")
  set(LARDER_STATIC ON)
  set(larder_pc_requires "Requires")
  set(larder_pc_libs "-llarder -pthread")
else()
  set(LARDER_STATIC OFF)
  set(larder_pc_requires "Requires.private")
  set(larder_pc_libs "-llarder")
endif()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/larder-config.cmake.in"
  "${PROJECT_BINARY_DIR}/larder-config.cmake" INSTALL_DESTINATION "${larder_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/larder-config-version.cmake"
                                 COMPATIBILITY SameMajorVersion)
install(
  FILES "${PROJECT_BINARY_DIR}/larder-config.cmake"
        "${PROJECT_BINARY_DIR}/larder-config-version.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/larder_generate.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/larder_missing.cmake"
  DESTINATION "${larder_package_dir}"
  COMPONENT dev)

# The prefix is found from where the file lies, so that a tree may be moved.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(larder_pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH larder_pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" larder_pc_prefix "\${pcfiledir}/${larder_pc_prefix}")
endif()
foreach(dir LIBDIR INCLUDEDIR BINDIR)
  string(TOLOWER "${dir}" name)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(larder_pc_${name} "${CMAKE_INSTALL_${dir}}")
  else()
    set(larder_pc_${name} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
configure_file("${PROJECT_SOURCE_DIR}/cmake/larder.pc.in" "${PROJECT_BINARY_DIR}/larder.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/larder.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
        COMPONENT dev)
