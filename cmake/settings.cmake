# Compiler and linker settings for every target.

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # gnu17: statement expressions, cleanup, typeof
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # the same objects make libfovea.a, libfovea.so and bin/fovea
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

# Optimised, with symbols, and with assertions: FV_ASSERT is our own and stays on.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

add_compile_options(-Wall -Wextra)
if(FOVEA_WERROR)
    add_compile_options(-Werror)
endif()

# The same source gives the same bits from any compiler: no contraction that nobody wrote (kernels that want a fused
# multiply-add call it), and no -ffast-math, ever. errno from <math.h> and the processor's exception flags are never read, and
# setting them keeps loops from being vectorised.
add_compile_options(-ffp-contract=off -fno-math-errno -fno-trapping-math)

# __FILE__ is "core/base/error.c" in messages, wherever the project lies.
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/= -fmacro-prefix-map=${PROJECT_BINARY_DIR}/=)

# Parts that a program linked to libfovea.a does not reach are left out of it.
add_compile_options(-ffunction-sections -fdata-sections)

if(FOVEA_LTO)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

if(FOVEA_SANITIZE)
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-fsanitize=${FOVEA_SANITIZE}>
        $<$<COMPILE_LANGUAGE:C>:-fno-sanitize-recover=all> -fno-omit-frame-pointer)
    add_compile_options(-g1) # lines and inlined calls, which is what reports name; the rest is a fifth of compiling
    add_link_options(-fsanitize=${FOVEA_SANITIZE})
endif()

# Counts for gcov, in the folders named. Without optimisation a branch in the source is one in the counts; threads and processes
# add to the same.
set(FV_COVERAGE_FLAGS --coverage -O0 -fprofile-update=atomic)
if(FOVEA_COVERAGE)
    add_link_options(--coverage)
endif()

add_compile_definitions(_GNU_SOURCE FOVEA_VERSION="${PROJECT_VERSION}")

# A file's suffix names the instruction set that its code may use; which one runs is decided by cpuid. On another architecture
# such files are left out.
set(FV_ISA_FLAGS_avx2 -mavx2 -mfma -mf16c)
set(FV_ISA_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c)
set(FV_ISA_FLAGS_bf16 ${FV_ISA_FLAGS_avx512} -mavx512bf16)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(FV_X86 ON)
else()
    set(FV_X86 OFF)
endif()
