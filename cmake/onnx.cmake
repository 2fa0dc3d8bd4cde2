# ONNX's messages, made from Debian's onnx.proto, are part of the folder that writes them. Their functions are called fv_onnx__…
# so that a program with such messages of its own can be linked with libfovea.a.
find_program(FV_PROTOC_C protoc-c)
find_path(FV_ONNX_PROTO onnx/onnx.proto)
if(NOT FV_PROTOC_C OR NOT FV_ONNX_PROTO)
    message(FATAL_ERROR "protoc-c or onnx.proto is missing: on Debian, apt-get install protobuf-c-compiler libonnx-dev "
        "(scripts/install gets all packages)")
endif()
set(FV_ONNX ${PROJECT_BINARY_DIR}/onnx)
file(MAKE_DIRECTORY ${FV_ONNX})
add_custom_command(OUTPUT ${FV_ONNX}/onnx.pb-c.c ${FV_ONNX}/onnx.pb-c.h
    COMMAND ${FV_PROTOC_C} --c_out=${FV_ONNX} --proto_path=${FV_ONNX_PROTO}/onnx onnx.proto
    COMMAND sed -i s/onnx__/fv_onnx__/g ${FV_ONNX}/onnx.pb-c.c ${FV_ONNX}/onnx.pb-c.h
    DEPENDS ${FV_ONNX_PROTO}/onnx/onnx.proto VERBATIM)
set_source_files_properties(${FV_ONNX}/onnx.pb-c.c PROPERTIES COMPILE_OPTIONS -w)
target_sources(exchange PRIVATE ${FV_ONNX}/onnx.pb-c.c ${FV_ONNX}/onnx.pb-c.h)
target_include_directories(exchange SYSTEM PRIVATE ${FV_ONNX})
