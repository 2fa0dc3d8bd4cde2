# The tests: unit tests found by name, shell tests, public headers alone in C and C++, examples. No list of them anywhere.

if(NOT TARGET fovea_static)
    return()
endif()
get_property(all_roots GLOBAL PROPERTY FV_ALL_ROOTS)

# tests/**/*.c → fovea-tests. Unit tests may see every folder; they link the static library, whose symbols are all there.
fv_make_root(tests tests "")
file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tests/*.c)
list(FILTER sources EXCLUDE REGEX "^tests/(cases|fuzz|golden|soak|scripts|programs)/")
set(list ${PROJECT_BINARY_DIR}/tables/test_sources.txt)
set(table ${PROJECT_BINARY_DIR}/tables/test_table.c)
set(found ${PROJECT_BINARY_DIR}/tables/tests.cmake)
list(JOIN sources "\n" lines)
file(CONFIGURE OUTPUT ${list} CONTENT "${lines}\n" @ONLY)
add_custom_command(OUTPUT ${table} BYPRODUCTS ${found}
    COMMAND sh scripts/make-test-table ${list} ${PROJECT_BINARY_DIR}/bin/fovea-tests ${table} ${found}
        "${FOVEA_SANITIZE}"
    DEPENDS ${sources} ${list} scripts/make-test-table
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMENT "Table of every test" VERBATIM)
add_executable(fovea-tests ${sources} ${table})
target_include_directories(fovea-tests PRIVATE ${FV_ROOTS}/tests ${all_roots})
target_compile_definitions(fovea-tests PRIVATE FOVEA_SOURCE="${PROJECT_SOURCE_DIR}" FOVEA_BUILD="${PROJECT_BINARY_DIR}")
target_link_libraries(fovea-tests PRIVATE fovea_static PkgConfig::CMOCKA PkgConfig::TIFF)
if(NOT FOVEA_SANITIZE) # what asks an arena for memory asks tests/allocations.c first (not where LTO has bound it already)
    foreach(call alloc copy text format)
        target_link_options(fovea-tests PRIVATE -Wl,--wrap=fv_arena_${call})
    endforeach()
endif()

# tests/programs/*.c: programs that tests start, in bin/.
file(GLOB programs CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tests/programs/*.c)
foreach(program IN LISTS programs)
    cmake_path(GET program STEM name)
    add_executable(${name} ${program})
    target_include_directories(${name} PRIVATE ${all_roots})
    target_link_libraries(${name} PRIVATE fovea_static)
    add_dependencies(fovea-tests ${name})
endforeach()
if(TARGET fovea-reader)
    add_dependencies(fovea-tests fovea-reader)
endif()

# ctest reads the tests that the last build found; before the first build there is one that says so.
set(include_tests ${PROJECT_BINARY_DIR}/tables/include_tests.cmake)
file(WRITE ${include_tests} "if(EXISTS \"${found}\")
    include(\"${found}\")
else()
    add_test(build_first false)
endif()
")
set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include_tests})

# tests/scripts/*.sh: whole-program tests, given where things are. One whose threads another runs too says so in a comment
# "# Not under ThreadSanitizer: …", and is shown there as disabled.
file(GLOB scripts CONFIGURE_DEPENDS tests/scripts/*.sh)
set(script_environment
    FOVEA=${PROJECT_BINARY_DIR}/bin/fovea BUILD=${PROJECT_BINARY_DIR} SOURCE=${PROJECT_SOURCE_DIR}
    CC=${CMAKE_C_COMPILER} FOVEA_SANITIZE=${FOVEA_SANITIZE})
foreach(script IN LISTS scripts)
    cmake_path(GET script STEM name)
    add_test(NAME script_${name} COMMAND sh -c "rm -rf \"$FOVEA_HOME\"; exec \"$0\"" ${script})
    set_tests_properties(script_${name} PROPERTIES SKIP_RETURN_CODE 77
        ENVIRONMENT "${script_environment};FOVEA_HOME=${PROJECT_BINARY_DIR}/workspaces/${name}")
    file(STRINGS ${script} elsewhere REGEX "^# Not under ThreadSanitizer: ")
    if(elsewhere AND FOVEA_SANITIZE MATCHES "thread")
        set_tests_properties(script_${name} PROPERTIES DISABLED TRUE)
    endif()
endforeach()

# tests/soak/*.c: shims to preload, which the faults of tests/soak are made with. Without a sanitizer, whatever the rest has.
file(GLOB shims CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tests/soak/*.c)
foreach(shim IN LISTS shims)
    cmake_path(GET shim STEM name)
    add_library(${name} MODULE ${shim})
    set_target_properties(${name} PROPERTIES PREFIX "")
    if(FOVEA_SANITIZE)
        target_compile_options(${name} PRIVATE -fno-sanitize=all)
        target_link_options(${name} PRIVATE -fno-sanitize=all)
    endif()
endforeach()

# Every public header compiles alone, as C17 and as C++17, with include/ and nothing else.
enable_language(CXX)
file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include include/fovea/*.h)
set(alone)
foreach(header IN LISTS headers)
    cmake_path(GET header STEM stem)
    foreach(language c cpp)
        set(file ${PROJECT_BINARY_DIR}/headers/${stem}.${language})
        file(CONFIGURE OUTPUT ${file} CONTENT "#include \"${header}\"\n#include \"${header}\"\n" @ONLY)
        list(APPEND alone ${file})
    endforeach()
endforeach()
if(alone)
    add_library(public_headers OBJECT ${alone})
    target_include_directories(public_headers PRIVATE ${PROJECT_SOURCE_DIR}/include)
    set_target_properties(public_headers PROPERTIES
        C_EXTENSIONS OFF CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
endif()

# examples/*.c see what a user sees: the public headers and the shared library.
file(GLOB examples CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} examples/*.c)
foreach(example IN LISTS examples)
    cmake_path(GET example STEM name)
    add_executable(example_${name} ${example})
    target_link_libraries(example_${name} PRIVATE fovea_shared m)
    add_test(NAME example_${name} COMMAND example_${name})
endforeach()

# bench/*.c: our side of a script of the same name there; built on demand (--target bench_NAME).
file(GLOB benches CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} bench/*.c)
foreach(bench IN LISTS benches)
    cmake_path(GET bench STEM name)
    add_executable(bench_${name} EXCLUDE_FROM_ALL ${bench})
    target_include_directories(bench_${name} PRIVATE ${FV_ROOTS}/tests ${all_roots})
    target_link_libraries(bench_${name} PRIVATE fovea_static)
endforeach()

# tests/cases/probe.c answers for tests/cases/run; built on demand (--target cases_probe).
add_executable(cases_probe EXCLUDE_FROM_ALL tests/cases/probe.c)
target_link_libraries(cases_probe PRIVATE fovea_shared m)

# tests/fuzz/*.c: a fuzz target each. With FOVEA_FUZZ libFuzzer drives them; with AddressSanitizer alone, and where branches are
# counted, they are tests that replay their corpus (tests/fuzz/replay/replay.c): tests/fuzz/corpus/NAME, and pictures in
# tests/data/files/NAME (JPEG and PNG: tests/data/files itself).
file(GLOB fuzzers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tests/fuzz/*.c)
if(FOVEA_FUZZ AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "the fuzz targets need clang: cmake --preset fuzz (on Debian, apt-get install clang)")
endif()
foreach(fuzzer IN LISTS fuzzers)
    cmake_path(GET fuzzer STEM name)
    if(FOVEA_FUZZ)
        set(target fuzz_${name})
        add_executable(${target} ${fuzzer})
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    elseif(FOVEA_COVERAGE OR "${FOVEA_SANITIZE}" MATCHES "address")
        set(target replay_${name})
        add_executable(${target} ${fuzzer} tests/fuzz/replay/replay.c)
        set(corpus tests/fuzz/corpus/${name} tests/data/files/${name})
        if(name MATCHES "^(jpeg|png)$")
            set(corpus tests/data/files)
        endif()
        add_test(NAME fuzz_${name} COMMAND ${target} ${corpus} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    else()
        continue()
    endif()
    target_include_directories(${target} PRIVATE ${FV_ROOTS}/tests ${all_roots})
    target_link_libraries(${target} PRIVATE fovea_static)
    add_dependencies(${target} fovea-reader)
endforeach()
