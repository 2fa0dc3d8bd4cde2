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

fv_library(openblas libopenblas-openmp-dev)
fv_library(hdf5 libhdf5-dev)
fv_library(libjpeg libjpeg-dev)
fv_library(libpng libpng-dev)
fv_library(zlib zlib1g-dev)
fv_library(jansson libjansson-dev)
fv_library(yaml-0.1 libyaml-dev)
fv_library(libsodium libsodium-dev)

if(FOVEA_TESTS)
    pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
    if(NOT CMOCKA_FOUND)
        message(FATAL_ERROR "cmocka is missing: on Debian, apt-get install libcmocka-dev, or configure with -DFOVEA_TESTS=OFF")
    endif()
endif()
