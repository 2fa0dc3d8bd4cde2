# What is built from the folders: libfovea.a, libfovea.so, bin/fovea, libexec/fovea/fovea-reader; and where `cmake --install`
# puts it.

include(GNUInstallDirs)
get_property(library_folders GLOBAL PROPERTY FV_LIBRARY_FOLDERS)
get_property(program_folders GLOBAL PROPERTY FV_FOLDERS_OF_fovea)
get_property(reader_folders GLOBAL PROPERTY FV_FOLDERS_OF_fovea-reader)
list(TRANSFORM library_folders REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE library_objects)
list(TRANSFORM program_folders REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE program_objects)
list(TRANSFORM reader_folders REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE reader_objects)
set(FV_LIBEXEC ${CMAKE_INSTALL_LIBEXECDIR}/fovea)
set_property(SOURCE core/formats/reader_find.c APPEND PROPERTY
    COMPILE_DEFINITIONS FOVEA_LIBEXEC="${CMAKE_INSTALL_FULL_LIBEXECDIR}/fovea")

if(library_folders)
    add_library(fovea_static STATIC ${library_objects})
    add_library(fovea_shared SHARED ${library_objects})
    foreach(library fovea_static fovea_shared)
        set_target_properties(${library} PROPERTIES OUTPUT_NAME fovea LINKER_LANGUAGE C)
        target_include_directories(${library} INTERFACE ${PROJECT_SOURCE_DIR}/include)
    endforeach()
    target_link_libraries(fovea_static INTERFACE fv_libraries)
    target_link_libraries(fovea_shared PRIVATE fv_libraries)

    # Visibility leaves only what a public header marks FV_API; the script keeps anything else from slipping in.
    set(exports ${PROJECT_SOURCE_DIR}/cmake/exports.map)
    set_target_properties(fovea_shared PROPERTIES
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${exports})
    target_link_options(fovea_shared PRIVATE -Wl,--version-script=${exports})
    if(NOT FOVEA_SANITIZE)
        target_link_options(fovea_shared PRIVATE -Wl,--no-undefined)
    endif()

    # fovea.pc says where things are from where it lies, so that an installed tree can be moved.
    file(RELATIVE_PATH FV_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" FV_PREFIX_FROM_PC ${FV_PREFIX_FROM_PC})
    configure_file(cmake/fovea.pc.in fovea.pc @ONLY)
    install(TARGETS fovea_static fovea_shared
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(DIRECTORY include/fovea DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
    install(FILES ${PROJECT_BINARY_DIR}/fovea.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()

# The reader links what it uses of the static library, and HDF5: it is started for every file, so it is small. In the build tree
# it lies where it will from bin and lib.
if(reader_folders)
    add_executable(fovea-reader ${reader_objects})
    set_target_properties(fovea-reader PROPERTIES
        LINKER_LANGUAGE C RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/libexec/fovea)
    add_dependencies(fovea-reader fovea_static)
    target_link_libraries(fovea-reader PRIVATE $<TARGET_FILE:fovea_static> fv_reader_libraries)
    target_link_options(fovea-reader PRIVATE -Wl,--gc-sections)
    install(TARGETS fovea-reader RUNTIME DESTINATION ${FV_LIBEXEC})
endif()

# The program links the static library: it and its reader (fovea-reader) can be copied together.
if(program_folders)
    add_executable(fovea ${program_objects})
    set_target_properties(fovea PROPERTIES LINKER_LANGUAGE C)
    add_dependencies(fovea fovea_static)
    target_link_libraries(fovea PRIVATE $<TARGET_FILE:fovea_static> fv_program_libraries fv_libraries)
    target_link_options(fovea PRIVATE -Wl,--gc-sections -Wl,--as-needed)
    install(TARGETS fovea RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

    # The man page and bash's completion are printed by the program.
    set(man ${PROJECT_BINARY_DIR}/fovea.1)
    set(completion ${PROJECT_BINARY_DIR}/fovea.bash)
    add_custom_command(OUTPUT ${man} ${completion}
        COMMAND fovea help --man > ${man}
        COMMAND fovea help --completion bash > ${completion}
        DEPENDS fovea VERBATIM)
    add_custom_target(manual ALL DEPENDS ${man} ${completion})
    install(FILES ${man} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME fovea)
endif()
