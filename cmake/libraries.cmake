# What the project takes from outside, gathered in the target fv_libraries. A missing library is named with its Debian package.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(fv_libraries INTERFACE)
target_link_libraries(fv_libraries INTERFACE Threads::Threads m ${CMAKE_DL_LIBS})
set(FV_PRIVATE_LIBS "-pthread -lm -ldl") # for Libs.private of fovea.pc

# fv_library(pkg-config-name debian-package)
function(fv_library name package)
    pkg_check_modules(FOUND_${name} QUIET ${name})
    if(NOT FOUND_${name}_FOUND)
        message(FATAL_ERROR "${name} is missing: on Debian, apt-get install ${package} (scripts/install gets all packages)")
    endif()
    target_include_directories(fv_libraries SYSTEM INTERFACE ${FOUND_${name}_INCLUDE_DIRS})
    target_link_libraries(fv_libraries INTERFACE ${FOUND_${name}_LINK_LIBRARIES})
    list(JOIN FOUND_${name}_LDFLAGS " " flags)
    set(FV_PRIVATE_LIBS "${FV_PRIVATE_LIBS} ${flags}" PARENT_SCOPE)
endfunction()

# fv_loaded_library(pkg-config-name debian-package NAME): loaded when it is needed (core/base/library.h), so for its headers
# alone. FV_LIBRARY_NAME is the file to load: the version that the headers are of.
function(fv_loaded_library name package as)
    pkg_check_modules(FOUND_${name} QUIET ${name})
    if(NOT FOUND_${name}_FOUND)
        message(FATAL_ERROR "${name} is missing: on Debian, apt-get install ${package} (scripts/install gets all packages)")
    endif()
    list(GET FOUND_${name}_LINK_LIBRARIES 0 file)
    execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${file} OUTPUT_VARIABLE about ERROR_QUIET)
    if(NOT about MATCHES "SONAME +([^\n]+)")
        message(FATAL_ERROR "${name} is loaded when it is needed, and ${file} cannot be: it is no shared library with a name")
    endif()
    target_include_directories(fv_libraries SYSTEM INTERFACE ${FOUND_${name}_INCLUDE_DIRS})
    target_compile_definitions(fv_libraries INTERFACE FV_LIBRARY_${as}="${CMAKE_MATCH_1}")
endfunction()
fv_loaded_library(cairo libcairo2-dev CAIRO)
fv_loaded_library(libcurl libcurl4-openssl-dev LIBCURL)
fv_loaded_library(libmicrohttpd libmicrohttpd-dev MICROHTTPD)
fv_loaded_library(libtiff-4 libtiff-dev LIBTIFF)

fv_library(openblas libopenblas-openmp-dev)
fv_library(hdf5 libhdf5-dev)
fv_library(libjpeg libjpeg-dev)
fv_library(libpng libpng-dev)
fv_library(zlib zlib1g-dev)
fv_library(libwebp libwebp-dev)
fv_library(jansson libjansson-dev)
fv_library(yaml-0.1 libyaml-dev)
fv_library(libsodium libsodium-dev)
fv_library(sqlite3 libsqlite3-dev)
fv_library(libprotobuf-c libprotobuf-c-dev)

# What the programs take: the static libraries of HDF5 and of OpenBLAS, where there are some that need no more than these. They
# are there at once; of Debian's shared ones HDF5's takes 8 ms, since it brings a network client with its cryptography, and
# OpenBLAS's 2, for 12,000 places where its own names are looked up.
include(CheckCSourceCompiles)
# fv_static_library(pkg-config-name file target source libraries…): what is linked for `source`, to `target`.
function(fv_static_library name file target source)
    pkg_check_modules(FOUND_${name} QUIET ${name})
    find_library(FV_ARCHIVE_${name} ${file} HINTS ${FOUND_${name}_LIBRARY_DIRS})
    if(FV_ARCHIVE_${name})
        set(CMAKE_REQUIRED_INCLUDES ${FOUND_${name}_INCLUDE_DIRS})
        set(CMAKE_REQUIRED_LIBRARIES ${FV_ARCHIVE_${name}} ${ARGN})
        check_c_source_compiles("${source}" FV_ARCHIVE_SUFFICES_${name})
    endif()
    if(FV_ARCHIVE_SUFFICES_${name})
        target_link_libraries(${target} INTERFACE ${FV_ARCHIVE_${name}} ${ARGN})
    else()
        target_link_libraries(${target} INTERFACE ${FOUND_${name}_LINK_LIBRARIES} Threads::Threads m)
    endif()
endfunction()
find_library(FV_SZIP sz)
set(szip)
if(FV_SZIP)
    set(szip ${FV_SZIP})
endif()
add_library(fv_reader_libraries INTERFACE)
fv_static_library(hdf5 libhdf5.a fv_reader_libraries "#include <hdf5.h>\nint main(void) { return H5open(); }"
    ${szip} z m ${CMAKE_DL_LIBS} Threads::Threads)
add_library(fv_program_libraries INTERFACE)
target_link_libraries(fv_program_libraries INTERFACE fv_reader_libraries)
fv_static_library(openblas libopenblas.a fv_program_libraries
    "#include <cblas.h>\nint main(void) { float x = 0; cblas_sgemv(101, 111, 1, 1, 1, &x, 1, &x, 1, 0, &x, 1); return 0; }"
    gomp m Threads::Threads)

if(FOVEA_TESTS)
    pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
    if(NOT CMOCKA_FOUND)
        message(FATAL_ERROR "cmocka is missing: on Debian, apt-get install libcmocka-dev, or configure with -DFOVEA_TESTS=OFF")
    endif()
    pkg_check_modules(TIFF REQUIRED QUIET IMPORTED_TARGET libtiff-4) # tests write some
endif()
