# SPDX-License-Identifier: MIT
#
# The libraries that larder stands on, found the same way here and by who uses
# an installed larder. Everything comes with a pkg-config file on Linux.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 1.1.1 REQUIRED COMPONENTS SSL Crypto)

pkg_check_modules(LARDER_HIREDIS REQUIRED IMPORTED_TARGET hiredis>=0.14)
# msgpack is what msgpack-c called itself up to version 4.
pkg_search_module(LARDER_MSGPACK REQUIRED IMPORTED_TARGET msgpack-c msgpack>=3)
pkg_check_modules(LARDER_ZSTD REQUIRED IMPORTED_TARGET libzstd>=1.4)
pkg_check_modules(LARDER_LZ4 REQUIRED IMPORTED_TARGET liblz4>=1.8)

set(LARDER_RUNTIME_DEPENDENCIES
    PkgConfig::LARDER_HIREDIS PkgConfig::LARDER_MSGPACK PkgConfig::LARDER_ZSTD
    PkgConfig::LARDER_LZ4 OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

# Only the program needs libyaml.
macro(larder_find_generator_dependencies)
  pkg_check_modules(LARDER_YAML REQUIRED IMPORTED_TARGET yaml-0.1)
  set(LARDER_GENERATOR_DEPENDENCIES PkgConfig::LARDER_YAML)
endmacro()
