/* notify.h - tells systemd how it goes (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names. Any thread. */
#ifndef FV_SERVE_NOTIFY_H
#define FV_SERVE_NOTIFY_H

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…"; nothing where nobody asked. A server serves whether systemd hears of it or
 * not, so that what goes wrong is a trace (http), no error. */
void fv_notify(const char *state);

#endif
