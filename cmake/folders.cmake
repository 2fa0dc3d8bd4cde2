# fv_folder: one folder of the house is one object library that sees its own headers, those of the folders it may use, and
# include/; nothing else of the tree.
#
#   fv_folder(NAME DIR path [EXCEPT sub…] [USES folder…] [TABLES "kind header [parts-folder…]"…]
#             [MIGRATIONS folder] [PAGES folder] [PROGRAM name])
#
# DIR: where it lies. EXCEPT: sub-folders that are folders of their own, or are not built. PROGRAM: goes into that program only.
#
# How it is kept in: an include is written from the top ("core/graph/graph.h"), but the top is never on the include path. Each
# folder has a root, build/roots/NAME, with nothing but a link to it, and a target is given the roots of what it USES.

set(FV_ROOTS ${PROJECT_BINARY_DIR}/roots)
define_property(GLOBAL PROPERTY FV_LIBRARY_FOLDERS BRIEF_DOCS "folders with sources, for libfovea")
define_property(GLOBAL PROPERTY FV_ALL_ROOTS BRIEF_DOCS "every include root, for the tests")

function(fv_make_root name dir except)
    set(root ${FV_ROOTS}/${name})
    file(REMOVE_RECURSE ${root})
    if(except)
        file(GLOB children CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${PROJECT_SOURCE_DIR} ${dir}/*)
        list(REMOVE_ITEM children ${except})
    else()
        set(children ${dir})
    endif()
    foreach(child IN LISTS children)
        cmake_path(GET child PARENT_PATH parent)
        file(MAKE_DIRECTORY ${root}/${parent})
        file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${child} ${root}/${child} SYMBOLIC)
    endforeach()
    set_property(GLOBAL APPEND PROPERTY FV_ALL_ROOTS ${root})
endfunction()

# Sets the flags of files whose suffix names an instruction set, and takes out those that this architecture cannot build.
function(fv_apply_isa variable)
    set(kept)
    foreach(source IN LISTS ${variable})
        if(source MATCHES "_(avx2|avx512|bf16)\\.c$")
            if(NOT FV_X86)
                continue()
            endif()
            set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${FV_ISA_FLAGS_${CMAKE_MATCH_1}})
        endif()
        if(source MATCHES "^core/cpu/|_(avx2|avx512|bf16)\\.c$") # the loops that time is spent in
            set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release,RelWithDebInfo>:-O3>)
        endif()
        if(FOVEA_SANITIZE AND source MATCHES "_(avx2|avx512|bf16)\\.c$")
            set(level -O1) # checked, unrolled loops take minutes above it,
            if(source MATCHES "/(gemm|slab_product)_") # and most of what trainings in tests take goes into these
                set(level -O2)
            endif()
            set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${level})
            if(FOVEA_FUZZ AND source MATCHES "depthwise_tiles_") # its counters take minutes, and what is fuzzed reads files
                set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=all)
            endif()
        endif()
        list(APPEND kept ${source})
    endforeach()
    set(${variable} "${kept}" PARENT_SCOPE)
endfunction()

# Makes fv_KIND_table from the descriptors in `sources`. Without the kind's header there is no such kind yet.
function(fv_table target sources kind header)
    file(GLOB declared CONFIGURE_DEPENDS ${header})
    if(NOT declared)
        return()
    endif()
    set(table ${PROJECT_BINARY_DIR}/tables/${kind}_table.c)
    set(list ${PROJECT_BINARY_DIR}/tables/${kind}_sources.txt)
    list(JOIN sources "\n" lines)
    file(CONFIGURE OUTPUT ${list} CONTENT "${lines}\n" @ONLY)
    add_custom_command(OUTPUT ${table}
        COMMAND sh scripts/make-tables ${kind} ${header} ${list} ${table} ${ARGN}
        DEPENDS ${sources} ${list} scripts/make-tables
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        COMMENT "Table of every fv_${kind}" VERBATIM)
    target_sources(${target} PRIVATE ${table})
endfunction()

# Makes fv_migration_table from the files FOLDER/NNNN_name.sql.
function(fv_migrations target folder)
    set(table ${PROJECT_BINARY_DIR}/tables/migrations.c)
    file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
    add_custom_command(OUTPUT ${table}
        COMMAND sh scripts/make-migrations ${folder} ${table}
        DEPENDS ${files} scripts/make-migrations
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        COMMENT "The registry's schema" VERBATIM)
    target_sources(${target} PRIVATE ${table})
endfunction()

# Makes fv_web_table from the web files in FOLDER.
function(fv_pages target folder)
    set(table ${PROJECT_BINARY_DIR}/tables/pages.c)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/*)
    add_custom_command(OUTPUT ${table}
        COMMAND sh scripts/make-pages ${folder} ${table}
        DEPENDS ${files} scripts/make-pages
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
        COMMENT "The server's pages" VERBATIM)
    target_sources(${target} PRIVATE ${table})
endfunction()

function(fv_folder name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DIR;PROGRAM;MIGRATIONS;PAGES" "EXCEPT;USES;TABLES")
    list(TRANSFORM arg_EXCEPT PREPEND ${arg_DIR}/)
    fv_make_root(${name} ${arg_DIR} "${arg_EXCEPT}")

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${arg_DIR}/*.c)
    foreach(except IN LISTS arg_EXCEPT)
        list(FILTER sources EXCLUDE REGEX "^${except}/")
    endforeach()
    fv_apply_isa(sources)
    if(NOT sources)
        return()
    endif()

    add_library(${name} OBJECT ${sources})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${FV_ROOTS}/${name})
    foreach(used IN LISTS arg_USES)
        target_include_directories(${name} PRIVATE ${FV_ROOTS}/${used})
    endforeach()
    target_link_libraries(${name} PRIVATE fv_libraries)
    if(name IN_LIST FOVEA_COVERAGE)
        target_compile_options(${name} PRIVATE ${FV_COVERAGE_FLAGS})
    endif()
    foreach(table IN LISTS arg_TABLES)
        separate_arguments(words UNIX_COMMAND "${table}")
        fv_table(${name} "${sources}" ${words})
    endforeach()
    if(arg_MIGRATIONS)
        fv_migrations(${name} ${arg_MIGRATIONS})
    endif()
    if(arg_PAGES)
        fv_pages(${name} ${arg_PAGES})
    endif()
    if(arg_PROGRAM)
        set_property(GLOBAL APPEND PROPERTY FV_FOLDERS_OF_${arg_PROGRAM} ${name})
    else()
        set_property(GLOBAL APPEND PROPERTY FV_LIBRARY_FOLDERS ${name})
    endif()
endfunction()
