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

# larder_install_pages(): man pages, if there is scdoc to make them with;
# completions where bash, zsh and fish look; the JSON Schema for editors.
function(larder_install_pages)
  set(docs "${PROJECT_SOURCE_DIR}/docs")
  set(data "${CMAKE_INSTALL_DATADIR}")
  install(FILES "${docs}/completions/larder.bash" COMPONENT generator
          DESTINATION "${data}/bash-completion/completions" RENAME larder)
  install(FILES "${docs}/completions/_larder" COMPONENT generator
          DESTINATION "${data}/zsh/site-functions")
  install(FILES "${docs}/completions/larder.fish" COMPONENT generator
          DESTINATION "${data}/fish/vendor_completions.d")
  install(FILES "${PROJECT_SOURCE_DIR}/schemas/larder.schema.json" COMPONENT generator
          DESTINATION "${data}/larder")

  find_program(LARDER_SCDOC scdoc)
  if(NOT LARDER_SCDOC)
    message(STATUS "scdoc is not installed: no man pages")
    return()
  endif()
  set(pages "")
  foreach(section 1 5)
    file(GLOB sources CONFIGURE_DEPENDS "${docs}/man/*.${section}.scd")
    foreach(source IN LISTS sources)
      get_filename_component(name "${source}" NAME_WLE)
      set(page "${PROJECT_BINARY_DIR}/man/${name}")
      file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/man")
      add_custom_command(
        OUTPUT "${page}"
        COMMAND "${CMAKE_COMMAND}" "-DSCDOC=${LARDER_SCDOC}" "-DINPUT=${source}" "-DOUTPUT=${page}" -P
                "${PROJECT_SOURCE_DIR}/cmake/man_page.cmake"
        DEPENDS "${source}" "${PROJECT_SOURCE_DIR}/cmake/man_page.cmake"
        COMMENT "Making ${name}"
        VERBATIM)
      install(FILES "${page}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}"
              COMPONENT generator)
      list(APPEND pages "${page}")
    endforeach()
  endforeach()
  add_custom_target(larder_man ALL DEPENDS ${pages})
endfunction()

if(TARGET larder)
  install(TARGETS larder EXPORT larder-generator-targets
          RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT generator)
  install(EXPORT larder-generator-targets NAMESPACE larder:: DESTINATION "${larder_package_dir}"
          COMPONENT generator)
  larder_install_pages()
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
