/* microhttpd.h - libmicrohttpd, loaded when something is served: with its cryptography, which is not used, it is eleven
 * libraries. */
#ifndef FV_SERVE_MICROHTTPD_H
#define FV_SERVE_MICROHTTPD_H

#include <microhttpd.h>

#include "fovea/error.h"

#define FV_MICROHTTPD_FUNCTIONS(F)                                                                                             \
    F(add_response_header)                                                                                                     \
    F(create_response_from_buffer)                                                                                             \
    F(create_response_from_callback)                                                                                           \
    F(destroy_response)                                                                                                        \
    F(get_connection_info)                                                                                                     \
    F(get_connection_values)                                                                                                   \
    F(lookup_connection_value)                                                                                                 \
    F(queue_response)                                                                                                          \
    F(quiesce_daemon)                                                                                                          \
    F(resume_connection)                                                                                                       \
    F(start_daemon)                                                                                                            \
    F(stop_daemon)                                                                                                             \
    F(suspend_connection)

typedef struct fv_microhttpd_functions {
#define F(name) __typeof__(MHD_##name) *name;
    FV_MICROHTTPD_FUNCTIONS(F)
#undef F
} fv_microhttpd_functions;

extern fv_microhttpd_functions fv_microhttpd; /* once fv_microhttpd_load has succeeded */
FV_MUST_USE fv_error *fv_microhttpd_load(void);

#endif
